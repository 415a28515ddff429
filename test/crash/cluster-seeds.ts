// Many seeds of the whole broker in its simulated world (testing/cluster-simulation.ts), shared out over the processor's cores; each failing seed
// is named with what it found and the command that replays it.
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  runClusterSimulation,
  type ClusterSimulationResult,
} from '@moldau/broker/testing/cluster-simulation.ts';

/** Violations shown of one seed. */
const SHOWN = 5;

/** Runs seeds `first` to `first + count - 1`; returns how many failed. */
export async function runClusterSeeds(
  first: number,
  count: number,
  say: (line: string) => void,
): Promise<number> {
  const workers = Math.min(availableParallelism(), count);
  const begun = performance.now();
  let failed = 0;
  let acknowledged = 0;
  let commits = 0;
  const faults = new Map<string, number>();
  const take = (result: ClusterSimulationResult): void => {
    acknowledged += result.acknowledged;
    commits += result.commits;
    for (const [name, times] of Object.entries(result.faults))
      faults.set(name, (faults.get(name) ?? 0) + times);
    if (result.violations.length === 0) return;
    failed += 1;
    say(`FAILED cluster seed ${result.seed} (npm run test:crash -- --only cluster --seed ${result.seed})`);
    for (const violation of result.violations.slice(0, SHOWN)) say(`  VIOLATION ${violation}`);
  };
  await Promise.all(
    Array.from({ length: workers }, (_, i) =>
      runShare(
        Array.from({ length: Math.ceil((count - i) / workers) }, (__, n) => first + i + n * workers),
        take,
      ),
    ),
  );
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  const list = [...faults].map(([name, times]) => `${times} ${name}`).join(', ');
  say(
    `simulated cluster: ${count} seeds in ${seconds} s, ${failed} failed; ${acknowledged} records acknowledged, ${commits} commits; ${list}`,
  );
  return failed;
}

function runShare(seeds: readonly number[], take: (result: ClusterSimulationResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: seeds });
    worker.on('message', take);
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a worker ended with status ${code}`)),
    );
  });
}

if (!isMainThread) {
  const port = parentPort!;
  for (const seed of workerData as readonly number[]) {
    const result = await runClusterSimulation(seed);
    port.postMessage(result);
  }
}
