// How far compaction has come with one log, as its checkpoint keeps it, and that there is one compaction of the log at a time.
//
//   log   | cleaned ............ | dirty ...........
//         0                      cleanedTo
//         segments that begin below gapsBelow may have gaps between their offsets; gapsBelow >= cleanedTo while one runs
//
// Must stay true: both only grow; `gapsBelow` is durable before the first segment with gaps is put in place.
import type { CompactionMark } from '../checkpoint-file.ts';

export class CompactionProgress {
  #cleanedTo: number;
  #gapsBelow: number;
  #running: Promise<unknown> = Promise.resolve();

  constructor(mark: CompactionMark | undefined) {
    this.#cleanedTo = mark?.cleanedTo ?? 0;
    this.#gapsBelow = mark?.gapsBelow ?? 0;
  }

  /** Everything below has been compacted. */
  get cleanedTo(): number {
    return this.#cleanedTo;
  }

  /** For the checkpoint; undefined of a log that was never compacted. */
  get mark(): CompactionMark | undefined {
    return this.#gapsBelow === 0 ? undefined : { cleanedTo: this.#cleanedTo, gapsBelow: this.#gapsBelow };
  }

  /** The next checkpoint says that segments below `offset` may have gaps. */
  mayHaveGapsBelow(offset: number): void {
    this.#gapsBelow = Math.max(this.#gapsBelow, offset);
  }

  reached(offset: number): void {
    this.#cleanedTo = offset;
  }

  /** Runs `compaction` behind those that were asked for before. */
  run<Result>(compaction: () => Promise<Result>): Promise<Result> {
    const result = this.#running.then(compaction, compaction);
    this.#running = result.catch(() => {});
    return result;
  }
}
