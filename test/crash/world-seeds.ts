// Many seeds of the whole broker in its simulated world (testing/cluster-simulation.ts, testing/transaction-simulation.ts), shared out over the
// processor's cores; each failing seed is named with what it found and the command that replays it.
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { runClusterSimulation } from '@moldau/broker/testing/cluster-simulation.ts';
import { runTransactionSimulation } from '@moldau/broker/testing/transaction-simulation.ts';

/** What clients do in the world: produce and read in a group, or copy exactly once. */
export type WorldKind = 'cluster' | 'transactions';

interface Result {
  readonly seed: number;
  readonly violations: readonly string[];
  /** What was done, how often. */
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
}

const RUNS: Readonly<Record<WorldKind, (seed: number) => Promise<Result>>> = {
  async cluster(seed) {
    const { violations, faults, acknowledged, commits } = await runClusterSimulation(seed);
    return { seed, violations, faults, figures: { 'records acknowledged': acknowledged, commits } };
  },
  async transactions(seed) {
    const { violations, faults, committed, aborted, fenced, moves } = await runTransactionSimulation(seed);
    const figures = { 'transactions committed': committed, aborted, fenced, 'leaders moved': moves };
    return { seed, violations, faults, figures };
  },
};

/** Violations shown of one seed. */
const SHOWN = 5;

/** Runs seeds `first` to `first + count - 1`; returns how many failed. */
export async function runWorldSeeds(
  kind: WorldKind,
  first: number,
  count: number,
  say: (line: string) => void,
): Promise<number> {
  const workers = Math.min(availableParallelism(), count);
  const begun = performance.now();
  let failed = 0;
  const figures = new Map<string, number>();
  const faults = new Map<string, number>();
  const take = (result: Result): void => {
    addTo(figures, result.figures);
    addTo(faults, result.faults);
    if (result.violations.length === 0) return;
    failed += 1;
    say(`FAILED ${kind} seed ${result.seed} (npm run test:crash -- --only ${kind} --seed ${result.seed})`);
    for (const violation of result.violations.slice(0, SHOWN)) say(`  VIOLATION ${violation}`);
  };
  await Promise.all(
    Array.from({ length: workers }, (_, i) =>
      runShare(
        kind,
        Array.from({ length: Math.ceil((count - i) / workers) }, (__, n) => first + i + n * workers),
        take,
      ),
    ),
  );
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  say(
    `simulated ${kind}: ${count} seeds in ${seconds} s, ${failed} failed; ${listed(figures)}; ${listed(faults)}`,
  );
  return failed;
}

function addTo(sums: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, times] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + times);
}

const listed = (sums: ReadonlyMap<string, number>): string =>
  [...sums].map(([name, times]) => `${times} ${name}`).join(', ');

function runShare(kind: WorldKind, seeds: readonly number[], take: (result: Result) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { kind, seeds } });
    worker.on('message', take);
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a worker ended with status ${code}`)),
    );
  });
}

if (!isMainThread) {
  const port = parentPort!;
  const { kind, seeds } = workerData as { readonly kind: WorldKind; readonly seeds: readonly number[] };
  for (const seed of seeds) port.postMessage(await RUNS[kind](seed));
}
