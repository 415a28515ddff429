// Many seeds of the simulated disk, shared out over the processor's cores; each failing seed is named with the command that replays it.
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { runSimulatedCrash } from './simulated-disk.ts';

interface Share {
  readonly first: number;
  readonly count: number;
  readonly step: number;
}

type Report = { readonly failed: string } | { readonly counts: Counts };

interface Counts {
  appended: number;
  powerCuts: number;
  kills: number;
  failures: number;
  flips: number;
  reported: number;
}

/** Runs seeds `first` to `first + count - 1`; returns how many failed. */
export async function runSimulatedSeeds(
  first: number,
  count: number,
  say: (line: string) => void,
): Promise<number> {
  const workers = Math.min(availableParallelism(), count);
  const total: Counts = { appended: 0, powerCuts: 0, kills: 0, failures: 0, flips: 0, reported: 0 };
  let failed = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: workers }, (_, i) =>
      runShare({ first: first + i, count: Math.ceil((count - i) / workers), step: workers }, (report) => {
        if ('failed' in report) {
          failed += 1;
          say(`FAILED ${report.failed}`);
          return;
        }
        for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += report.counts[key];
      }),
    ),
  );
  say(
    `simulated disk: ${count} seeds in ${((performance.now() - begun) / 1000).toFixed(0)} s, ${failed} failed; ` +
      `${total.appended} batches, ${total.powerCuts} power cuts, ${total.kills} kills, ${total.failures} failed calls, ` +
      `${total.flips} flipped bits (${total.reported} reported)`,
  );
  return failed;
}

function runShare(share: Share, take: (report: Report) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share });
    worker.on('message', take);
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a worker ended with status ${code}`)),
    );
  });
}

async function work(share: Share, report: (report: Report) => void): Promise<void> {
  for (let i = 0; i < share.count; i++) {
    const seed = share.first + i * share.step;
    try {
      report({ counts: await runSimulatedCrash(seed) });
    } catch (error) {
      report({ failed: `${(error as Error).message} (replay: npm run test:crash -- --seed ${seed})` });
    }
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  await work(workerData as Share, (report) => port.postMessage(report));
}
