// The aborted transactions of one partition: all of them in the `.txnindex` files of their markers' segments, the newest in memory too.
//
//   markers:    ...... in files ......... | .... in files and in memory .... | .... in memory, not settled yet ....
//                                     recentFrom                          stored
//
// Where files lack entries a replay finds them again: entries are durable before the producers' snapshot is from which the next replay begins. What
// files hold of markers at or behind where the replay began is cut off at their first use: it is found again, if it was true.
//
// Must stay true: an abort marker that a reader may pass has its entry; memory is bounded by what is not settled and a number of entries.
import { LogError } from '../partition-log.ts';
import type { AbortedTransaction } from '../aborted-transaction.ts';
import type { PartitionCheckpoint } from './checkpoint-file.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import { scanAborted } from './scan-aborted.ts';
import type { Segment } from './segment.ts';
import { countAborted, walkAborted, writeAborted } from './transaction-index-file.ts';

/** So many entries stay in memory although they are in files: readers near the end of the log need no file. */
const RECENT_ENTRIES = 256;

/** How many entries the index of a segment holds. */
export interface AbortedMark {
  readonly segment: number;
  readonly entries: number;
}

export class AbortedTransactions {
  readonly #log: LocalPartitionLog;
  /** By marker: every one from `#recentFrom` on. */
  #recent: AbortedTransaction[] = [];
  #recentFrom = 0;
  /** So many of them, the oldest, are in files. */
  #stored = 0;
  /** The newest segment with an index. */
  #newest: AbortedMark | undefined;
  /** The same, as the last checkpoint has it. */
  readonly #expected: AbortedMark | undefined;
  /** Up to here that checkpoint covers the indexes; what a newer snapshot covers was synced too. */
  readonly #checkpointed: number;
  #replayedFrom = 0;
  /** Files are known to agree with what the replay found. */
  #agreed = false;

  constructor(log: LocalPartitionLog, checkpoint: PartitionCheckpoint) {
    this.#log = log;
    this.#expected = checkpoint.aborted;
    this.#checkpointed = checkpoint.snapshot?.offset ?? 0;
  }

  /** For the checkpoint: the newest index there is. */
  get mark(): AbortedMark | undefined {
    return this.#agreed ? this.#newest : this.#expected;
  }

  /** The replay begins at `offset`. */
  beginReplay(offset: number): void {
    this.#recentFrom = offset;
    this.#replayedFrom = offset;
  }

  /** An abort marker was appended, or replayed. */
  note(aborted: AbortedTransaction): void {
    this.#recent.push(aborted);
  }

  /** The log ends at `endOffset` again. */
  truncate(endOffset: number): void {
    while (this.#recent.length > this.#stored && this.#recent.at(-1)!.lastOffset >= endOffset)
      this.#recent.pop();
  }

  /** Compaction is about to begin: files agree with what the replay found before any of them is replaced. */
  agreed(): Promise<void> {
    return this.#agreed ? Promise.resolve() : this.#log.writer.io.run(() => this.#agree());
  }

  /** Compaction: the index of what lies from `from` to before `to` has these entries only, all of which it had. */
  compacted(from: number, to: number, left: readonly AbortedTransaction[]): void {
    const markers = new Set(left.map((entry) => entry.lastOffset));
    const isLeft = ({ lastOffset }: AbortedTransaction): boolean =>
      lastOffset < from || lastOffset >= to || markers.has(lastOffset);
    const stored = this.#recent.slice(0, this.#stored).filter(isLeft);
    this.#recent = [...stored, ...this.#recent.slice(this.#stored)];
    this.#stored = stored.length;
    if (this.#newest !== undefined && this.#newest.segment >= from && this.#newest.segment < to)
      this.#newest = left.length === 0 ? undefined : { segment: from, entries: left.length };
  }

  /** Those that have records from `fromOffset` to before `upToOffset`, by marker. @throws LogError (rejects) CORRUPT, IO */
  find(
    fromOffset: number,
    upToOffset: number,
  ): readonly AbortedTransaction[] | Promise<readonly AbortedTransaction[]> {
    const recent = new Search(fromOffset, upToOffset);
    recent.through(this.#recent, this.#firstRecent(fromOffset));
    if (fromOffset >= this.#recentFrom) return recent.found;
    return this.#findInFiles(new Search(fromOffset, upToOffset), this.#recentFrom, recent.found);
  }

  /** Puts those whose markers lie below `writtenEnd` into files, durably. To be called as a piece of file work. Returns whether a file was made. */
  async store(writtenEnd: number): Promise<boolean> {
    let made = false;
    for (
      let first = this.#recent[this.#stored];
      first !== undefined && first.lastOffset < writtenEnd;
      first = this.#recent[this.#stored]
    ) {
      await this.#agree();
      const segment = this.#log.segments.find(first.lastOffset)!;
      const end = Math.min(writtenEnd, this.#log.segments.after(segment)?.baseOffset ?? Infinity);
      let next = this.#stored;
      while (next < this.#recent.length && this.#recent[next]!.lastOffset < end) next += 1;
      made ||= segment.hasAborted !== true;
      await this.#extend(segment, this.#recent.slice(this.#stored, next));
      this.#stored = next;
    }
    this.#forgetOld();
    return made;
  }

  async #extend(segment: Segment, entries: readonly AbortedTransaction[]): Promise<void> {
    const before = this.#newest?.segment === segment.baseOffset ? this.#newest.entries : 0;
    await writeAborted(segment, before, entries);
    this.#newest = { segment: segment.baseOffset, entries: before + entries.length };
  }

  #firstRecent(fromOffset: number): number {
    let low = 0;
    let high = this.#recent.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#recent[middle]!.lastOffset < fromOffset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forgetOld(): void {
    const count = this.#stored - RECENT_ENTRIES;
    if (count <= 0) return;
    this.#recentFrom = this.#recent[count - 1]!.lastOffset + 1;
    this.#recent.splice(0, count);
    this.#stored -= count;
  }

  async #findInFiles(
    search: Search,
    endOffset: number,
    recent: readonly AbortedTransaction[],
  ): Promise<readonly AbortedTransaction[]> {
    try {
      await this.#searchFiles(search, endOffset);
    } catch (error) {
      if (error instanceof LogError) throw error;
      const message = `Cannot read which transactions of ${this.#log.folder} were aborted: ${(error as Error).message}`;
      throw new LogError('IO', message, { cause: error });
    }
    return search.complete ? search.found : [...search.found, ...recent];
  }

  async #searchFiles(search: Search, endOffset: number): Promise<void> {
    await this.#log.segments.load();
    if (!this.#agreed) await this.#log.writer.io.run(() => this.#agree());
    const segments = this.#log.segments.known;
    for (const [i, segment] of segments.entries()) {
      if (search.complete || segment.baseOffset >= endOffset) break;
      const next = segments[i + 1]?.baseOffset ?? Infinity;
      if (next <= search.fromOffset || segment.hasAborted === false || segment.deleted) continue;
      try {
        if (await segment.hasAbortedFile())
          await this.#searchSegment(search, segment, Math.min(next, endOffset));
      } catch (error) {
        // Retention took it away under the reader, and what it has read with it.
        if (!segment.deleted) throw error;
      }
    }
  }

  async #searchSegment(search: Search, segment: Segment, endOffset: number): Promise<void> {
    const before = search.found.length;
    const walk = () =>
      walkAborted(segment, search.fromOffset, (entry) => entry.lastOffset < endOffset && search.visit(entry));
    if ((await walk()).sound) return;
    await this.#log.writer.io.run(() => this.#rebuild(segment, Infinity));
    search.found.length = before;
    if (segment.deleted || (await walk()).sound) return;
    throw new LogError('CORRUPT', `${segment.aborted.path} is damaged, and is so after it was made again.`);
  }

  /** Cuts off what the replay has found again, and makes again what should be there and is not. To be called as a piece of file work. */
  async #agree(): Promise<void> {
    if (this.#agreed) return;
    const from = this.#replayedFrom;
    let newest: AbortedMark | undefined;
    let settled: Segment | undefined;
    const segments = await this.#log.segments.load();
    for (const [i, segment] of segments.entries()) {
      const next = segments[i + 1]?.baseOffset ?? Infinity;
      const exists = await segment.hasAbortedFile();
      const expected = this.#expected?.segment === segment.baseOffset ? this.#expected.entries : 0;
      if (exists && next <= from) settled = segment;
      if (expected > 0 || (exists && next > from))
        newest = { segment: segment.baseOffset, entries: await this.#agreeOn(segment, expected) };
    }
    if (newest === undefined && settled !== undefined)
      newest = { segment: settled.baseOffset, entries: await countAborted(settled) };
    this.#newest = newest;
    this.#agreed = true;
  }

  /** Resolves to how many entries the index of `segment` has then. `expected`: as many it had at the last checkpoint. */
  async #agreeOn(segment: Segment, expected: number): Promise<number> {
    const from = this.#replayedFrom;
    const exists = await segment.hasAbortedFile();
    let behind = 0;
    const { count, sound } = exists
      ? await walkAborted(segment, from, () => void (behind += 1))
      : { count: 0, sound: false };
    // Compaction may have left fewer, and no file when it left none.
    const lost = count < expected && !(segment.compacted && (sound || !exists));
    if (lost || (exists && !sound && !this.#mayBeTorn(segment, from))) return this.#rebuild(segment, from);
    if (behind > 0 || (exists && !sound)) await writeAborted(segment, count - behind, []);
    return count - behind;
  }

  /** Whether what is no entry may come from a write that never ended: one of entries that the replay has found again. */
  #mayBeTorn(segment: Segment, replayedFrom: number): boolean {
    return replayedFrom <= this.#checkpointed && segment.baseOffset >= (this.#expected?.segment ?? 0);
  }

  /** Makes the index of a segment again from the log. Resolves to the number of its entries. */
  async #rebuild(segment: Segment, endOffset: number): Promise<number> {
    if (segment.deleted) return 0;
    const unstored = this.#recent[this.#stored]?.lastOffset ?? Infinity;
    const entries = await scanAborted(this.#log, segment, Math.min(endOffset, unstored));
    this.#log.context.logger?.warn(
      { file: segment.aborted.path },
      'An index of aborted transactions was missing or damaged; it was made again from the log.',
    );
    await writeAborted(segment, 0, entries);
    if (this.#newest?.segment === segment.baseOffset)
      this.#newest = { segment: segment.baseOffset, entries: entries.length };
    return entries.length;
  }
}

/** Collects what a reader has to know, in the order of markers. */
class Search {
  readonly found: AbortedTransaction[] = [];
  readonly fromOffset: number;
  readonly #upToOffset: number;
  /** No marker further on ends a transaction that began early enough. */
  complete = false;

  constructor(fromOffset: number, upToOffset: number) {
    this.fromOffset = fromOffset;
    this.#upToOffset = upToOffset;
  }

  /** Returns false when it has been the last that can matter. */
  visit(entry: AbortedTransaction): boolean {
    if (entry.firstOffset < this.#upToOffset) this.found.push(entry);
    this.complete = entry.lastStableOffset >= this.#upToOffset;
    return !this.complete;
  }

  through(entries: readonly AbortedTransaction[], first: number): void {
    for (let i = first; i < entries.length && !this.complete; i++) this.visit(entries[i]!);
  }
}
