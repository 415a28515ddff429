// Group commit: everything that waits, of all partitions, becomes durable by one write.
//
//     append --> waiting --defer--> in flight: one frame, one durable write --> committed: observers are told
//                   ^                  |
//                   |    what is appended meanwhile waits for the next         \-> failed: all that is not durable is discarded
//
// Must stay true:
//   - one group is in flight at a time, so each frame knows that all before it were durable;
//   - nothing is told to anyone before the write has resolved;
//   - a failure reaches everything that was not durable, of every partition.
import type { Clock, Timer } from '@moldau/runtime';

import type { LocalLogSettings } from './settings.ts';
import type { Tail } from './tail.ts';
import type { WalFile, WalFiles } from './wal-files.ts';
import {
  FRAME_FIXED_BYTES,
  FrameWriter,
  WAL_ALIGNMENT,
  sectionBytesBound,
  type WalPartition,
} from './wal-frame.ts';

/** A partition as the group commit sees it. */
export interface CommitMember extends WalPartition {
  readonly tail: Tail;
  /** It is in the queue of those that wait. */
  waiting: boolean;
  /** A log start offset to make durable. */
  readonly pendingStart: number | undefined;
  /** A new segment begins at this offset. */
  beginsSegment(offset: number): boolean;
  /** What was taken (`tail.taken`, the start offset) is durable, by the frame `sequence`. */
  committed(upTo: number, start: number | undefined, sequence: number): void;
  /** Where batches from `from` on would go in a segment, if they and all that no segment has yet fit into one. */
  directTarget(from: number): DirectTarget | undefined;
  /** Writes them and all before them there, durably; they count only once `commit` of the result is called. */
  writeDirect(upTo: number, target: DirectTarget): Promise<DirectWrite>;
}

export interface DirectTarget {
  readonly segmentBase: number;
  /** Of the first new batch, in the segment's file. */
  readonly position: number;
}

/** Bytes that are durable in a segment and do not count yet. Either method ends the partition's turn at its files. */
export interface DirectWrite {
  commit(): void;
  abandon(): void;
}

/** One member's share of a group. */
interface Share {
  readonly member: CommitMember;
  readonly from: number;
  readonly upTo: number;
  readonly start: number | undefined;
  /** Set when the batches go straight to their segment. */
  target: DirectTarget | undefined;
}

export interface GroupCommitState {
  readonly nextSequence: number;
  /** Everything up to this frame is known to be durable. */
  readonly durableSequence: number;
}

export class GroupCommit {
  readonly #clock: Clock;
  readonly #wal: WalFiles;
  readonly #settings: LocalLogSettings;
  readonly #frame = new FrameWriter();
  #waiting: CommitMember[] = [];
  #running = false;
  #scheduled = false;
  #stopped = false;
  #untouched = true;
  #frameBytes = 0;
  #nextSequence: number;
  #durableSequence: number;
  #idleMark: Timer | undefined;
  #settled: (() => void)[] = [];
  /** What a failed commit means is for the store to decide; called before anything else happens. */
  onFailure: (error: unknown) => void = () => {};
  /** Called after each group that is durable. */
  onCommitted: () => void = () => {};

  constructor(clock: Clock, wal: WalFiles, settings: LocalLogSettings, state: GroupCommitState) {
    this.#clock = clock;
    this.#wal = wal;
    this.#settings = settings;
    this.#nextSequence = state.nextSequence;
    this.#durableSequence = state.durableSequence;
  }

  /** The sequence of the next frame to be durable; frames below it are. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Everything appended so far is durable or discarded. */
  get idle(): boolean {
    return !this.#running && this.#waiting.length === 0;
  }

  add(member: CommitMember): void {
    if (!member.waiting) {
      member.waiting = true;
      this.#waiting.push(member);
    }
    this.#schedule();
  }

  /** Resolves after the group that is in flight, or the next one, has ended, well or not. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Everything before is durable by other means (the write-ahead log was synced). */
  synced(sequence: number): void {
    this.#durableSequence = Math.max(this.#durableSequence, sequence);
  }

  /** Groups that have become durable. */
  count = 0;
  /** Bytes that went straight to segments since the checkpoint that set this to 0. */
  directBytes = 0;

  /** No frame was written since the start. */
  get untouched(): boolean {
    return this.#untouched;
  }

  /** What waited has been discarded. */
  forgetWaiting(): void {
    for (const member of this.#waiting) member.waiting = false;
    this.#waiting = [];
  }

  /** Takes nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#idleMark?.cancel();
    this.forgetWaiting();
    this.#wake();
  }

  #schedule(): void {
    if (!this.#scheduled && !this.#running && !this.#stopped) {
      this.#scheduled = true;
      this.#clock.defer(() => {
        this.#scheduled = false;
        void this.#run();
      });
    }
  }

  async #run(): Promise<void> {
    if (this.#running || this.#stopped || this.#waiting.length === 0) return;
    this.#running = true;
    this.#idleMark?.cancel();
    const { shares, bound } = this.#take();
    try {
      const direct = await this.#write(shares, bound);
      if (this.#stopped) {
        // The store has failed meanwhile, and everything that was not durable has been given up.
        for (const write of direct) write.abandon();
        return;
      }
      const sequence = this.#nextSequence - 1;
      for (const { member, upTo, start } of shares) member.committed(upTo, start, sequence);
      for (const write of direct) write.commit();
      this.count += 1;
      this.onCommitted();
      if (this.#waiting.length === 0) this.#markWhenIdle();
    } catch (error) {
      for (const { member } of shares) member.definedInEpoch = 0;
      this.onFailure(error);
    } finally {
      this.#running = false;
      this.#wake();
      if (this.#waiting.length > 0) this.#schedule();
    }
  }

  #take(): { shares: Share[]; bound: number } {
    const shares: Share[] = [];
    let bytes = 0;
    let bound = FRAME_FIXED_BYTES + WAL_ALIGNMENT;
    let count = 0;
    for (const member of this.#waiting) {
      if (bytes >= this.#settings.commitMaxBytes) break;
      count += 1;
      member.waiting = false;
      const { tail } = member;
      const from = tail.taken;
      const upTo = tail.end;
      for (let i = from; i < upTo; i++) bytes += tail.at(i).bytes.length;
      tail.taken = upTo;
      // Up to two sections: batches, start offset.
      bound += 2 * sectionBytesBound(member.id, 0) + (upTo - from) * 28;
      shares.push({ member, from, upTo, start: member.pendingStart, target: undefined });
    }
    this.#waiting.splice(0, count);
    if (this.#aimDirectly(shares, bytes)) {
      this.directBytes += bytes;
      return { shares, bound };
    }
    return { shares, bound: bound + bytes };
  }

  /** Whether the group's bytes go straight to the segments: they are many for few partitions, and each has one segment to go to. */
  #aimDirectly(shares: readonly Share[], bytes: number): boolean {
    const { directMaxPartitions, directMinBytes } = this.#settings;
    if (shares.length > directMaxPartitions || bytes < directMinBytes * shares.length) return false;
    for (const share of shares) {
      if (share.from === share.upTo) continue;
      share.target = share.member.directTarget(share.from);
      if (share.target === undefined) {
        for (const other of shares) other.target = undefined;
        return false;
      }
    }
    return true;
  }

  async #write(shares: readonly Share[], bound: number): Promise<readonly DirectWrite[]> {
    const file = this.#wal.current(bound) ?? (await this.#wal.advance(bound));
    const frame = this.#frame;
    frame.begin(this.#nextSequence, this.#durableSequence, file.epoch);
    for (const share of shares) this.#addToFrame(share);
    const direct = shares.filter((share) => share.target !== undefined);
    if (direct.length === 0) {
      await this.#writeFrame(file);
      this.#frameCounts(file);
      return [];
    }
    const writes = direct.map(({ member, upTo, target }) => member.writeDirect(upTo, target!));
    const outcomes = await Promise.allSettled([this.#writeFrame(file), ...writes]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    const written = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' && outcome.value !== undefined ? [outcome.value] : [],
    );
    if (failed === undefined) {
      this.#frameCounts(file);
      return written;
    }
    for (const write of written) write.abandon();
    throw failed.reason;
  }

  #addToFrame({ member, from, upTo, start, target }: Share): void {
    const frame = this.#frame;
    if (target !== undefined) {
      frame.segmentBatches(member, target.segmentBase, target.position);
      for (let i = from; i < upTo; i++) frame.batchInSegment(member.tail.at(i), false);
    } else if (from < upTo) {
      frame.batches(member);
      for (let i = from; i < upTo; i++) {
        const batch = member.tail.at(i);
        frame.batch(batch, member.beginsSegment(batch.baseOffset));
      }
    }
    if (start !== undefined) frame.startOffset(member, start);
  }

  async #writeFrame(file: WalFile): Promise<void> {
    const { buffers, byteLength } = this.#frame.finish();
    this.#untouched = false;
    this.#frameBytes = byteLength;
    if (this.#settings.durability === 'fsync') {
      await file.file.writeDurably(buffers, file.end);
    } else {
      await file.file.write(buffers, file.end);
    }
  }

  /** The frame, and whatever it refers to, has been written. */
  #frameCounts(file: WalFile): void {
    if (this.#settings.durability === 'fsync') this.#durableSequence = this.#nextSequence;
    this.#wal.wrote(file, this.#frameBytes, this.#nextSequence);
    this.#nextSequence += 1;
  }

  /** Records, once nothing follows for a while, that the last frame was durable: damage to it can then be told from a torn write. */
  #markWhenIdle(): void {
    if (this.#settings.durability !== 'fsync') return;
    this.#idleMark?.cancel();
    this.#idleMark = this.#clock.setTimer(this.#settings.idleMarkMs, () => void this.mark());
  }

  /** Writes an empty frame, which says that all before it are durable. */
  async mark(): Promise<void> {
    this.#idleMark?.cancel();
    if (this.#untouched || this.#settings.durability !== 'fsync') return;
    if (this.#running || this.#stopped || this.#waiting.length > 0) return;
    this.#running = true;
    try {
      const file = this.#wal.current(WAL_ALIGNMENT) ?? (await this.#wal.advance(WAL_ALIGNMENT));
      this.#frame.begin(this.#nextSequence, this.#durableSequence, file.epoch);
      await this.#writeFrame(file);
      this.#frameCounts(file);
    } catch (error) {
      this.onFailure(error);
    } finally {
      this.#running = false;
      this.#wake();
      if (this.#waiting.length > 0) this.#schedule();
    }
  }

  #wake(): void {
    const settled = this.#settled;
    this.#settled = [];
    for (const wake of settled) wake();
  }
}
