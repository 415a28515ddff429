// Kills a broker several times while clients work against it, each time at a random point of their progress: how fast a machine is
// changes nothing about where in the work a kill falls.
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { Changing, until } from '../interop/deadline.ts';
import type { BrokerProcess } from './broker-process.ts';

/** The last kill falls before this part of the work is done. */
const LAST_KILL = 0.9;
/** Progress is told after a commit: a moment of up to this length puts the kill anywhere in the next transaction. */
const MOMENT_MS = 60;
const MAX_DOWN_MS = 500;

/** How far the work has come, as those who do it tell. */
export class Progress extends Changing {
  readonly total: number;
  #done = 0;

  constructor(total: number) {
    super();
    this.total = total;
  }

  get done(): number {
    return this.#done;
  }

  add(count: number): void {
    this.#done += count;
    this.changed();
  }
}

export interface KillOptions {
  readonly broker: BrokerProcess;
  readonly kills: number;
  readonly progress: Progress;
  readonly random: SeededRandom;
  readonly say: (line: string) => void;
  /** How long the next threshold may take before the work is called stuck. */
  readonly patienceMs: number;
}

/** Resolves after the last restart to how long the slowest start took, in ms. */
export async function killUnderWay(options: KillOptions): Promise<number> {
  const { broker, kills, progress, random, say } = options;
  let slowestMs = 0;
  for (let kill = 0; kill < kills; kill++) {
    // A part of the work for each kill, and a random point in it.
    const at = Math.floor((progress.total * LAST_KILL * (kill + random.integer(1000) / 1000)) / kills);
    await until(
      [progress],
      `progress to ${at} of ${progress.total}`,
      () => progress.done > at,
      () => `${progress.done} are done`,
      options.patienceMs,
    );
    await delay(random.integer(MOMENT_MS));
    const done = progress.done;
    await broker.kill();
    await delay(random.integer(MAX_DOWN_MS));
    const begun = performance.now();
    await broker.start();
    const tookMs = performance.now() - begun;
    slowestMs = Math.max(slowestMs, tookMs);
    say(`  kill ${kill + 1} at ${done} of ${progress.total}, serving again after ${tookMs.toFixed(0)} ms`);
  }
  return slowestMs;
}
