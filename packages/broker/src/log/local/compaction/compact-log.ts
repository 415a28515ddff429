// Compacts one log: reads what is dirty into a key map, then writes all segments up to there anew without what the map says is superseded.
//
//   log       | clean ......... | dirty, fits into the map | dirty, does not | not cleanable yet |
//   pass 1      read and written  keys noted, then written
//   pass 2      read and written ..........................  keys noted ...
//
// Before the first swap a checkpoint makes durable that these segments are complete and will have gaps: nothing in the write-ahead log needs them then.
//
// Must stay true: memory is the key map, a few blocks and one batch; the log can be read, written, shortened and closed meanwhile; what was not swapped in
// leaves the log as it was.
import { DiskError } from '@moldau/runtime';
import { CompressionError } from '@moldau/protocol/compression/codec.ts';
import { batchIsControl, batchLastOffset, batchRecordCount } from '@moldau/protocol/records/batch-header.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';

import { LogError, type CompactionResult } from '../../partition-log.ts';
import type { LocalPartitionLog } from '../local-partition-log.ts';
import type { Segment } from '../segment.ts';
import { scanSegment } from '../segment-scan.ts';
import { cursorOver, recordsOf } from './batch-records.ts';
import { Scratch, filterBatch, type FilterRules } from './batch-filter.ts';
import { cleanableOf, sealedSegments, type Cleanable } from './cleanable.ts';
import { CleanedWriter } from './cleaned-writer.ts';
import { KeyMap } from './key-map.ts';
import { mayJoin, type Sealed } from './join-segments.ts';
import { Slices } from './slices.ts';
import { swapIn, type SwapOutcome } from './swap.ts';
import { TransactionFates } from './transaction-fates.ts';

/** The log went away, or the store is closing: what was begun is left. */
class Abandoned extends Error {}

/** @throws LogError `CORRUPT`, `IO`, `NO_SPACE`: the log is as it was, or compacted in part; `FAILED`: the engine has stopped */
export async function compactLog(log: LocalPartitionLog, nowMs: number): Promise<CompactionResult> {
  const cleanable = await cleanableOf(log, nowMs);
  const nothing = {
    compacted: false,
    cleanedTo: cleanable.firstDirty,
    bytesBefore: 0,
    bytesAfter: 0,
    passes: 0,
  };
  if (cleanable.cleanableBytes === 0) return nothing;
  const compaction = new LogCompaction(log, nowMs);
  try {
    return (await compaction.run(cleanable)) ?? nothing;
  } catch (error) {
    if (error instanceof Abandoned || log.closed) return nothing;
    if (error instanceof LogError) throw error;
    const code = error instanceof DiskError && error.code === 'NO_SPACE' ? 'NO_SPACE' : 'IO';
    throw new LogError(code, `Cannot compact ${log.folder}: ${(error as Error).message}`, { cause: error });
  }
}

/** Segments that become one. */
interface Group {
  readonly replaced: Segment[];
  end: number;
  readonly cleaned: CleanedWriter;
}

class LogCompaction {
  readonly #log: LocalPartitionLog;
  readonly #nowMs: number;
  readonly #slices: Slices;
  readonly #scratch = new Scratch();
  #bytesBefore = 0;
  #bytesAfter = 0;

  constructor(log: LocalPartitionLog, nowMs: number) {
    this.#log = log;
    this.#nowMs = nowMs;
    const { context } = log;
    this.#slices = new Slices(context.clock, () => context.cleaner().ioBytesPerSecond);
  }

  async run({ firstDirty, endOffset: wantedEnd }: Cleanable): Promise<CompactionResult | undefined> {
    const log = this.#log;
    const endOffset = Math.min(wantedEnd, await this.#coverBy(wantedEnd));
    let passes = 0;
    let cleanedTo = firstDirty;
    while (cleanedTo < endOffset) {
      const keys = this.#newKeyMap(endOffset - cleanedTo);
      const mappedTo = await this.#fill(keys, cleanedTo, endOffset);
      const before = this.#bytesBefore;
      const whole = await this.#rewrite({
        keys,
        mappedTo,
        endOffset,
        nowMs: this.#nowMs,
        deleteRetentionMs: Math.max(0, log.config.deleteRetentionMs),
        lastOfProducer: (producerId) => log.lastOfProducer(producerId),
        scratch: this.#scratch,
      });
      passes += 1;
      if (passes > 1) this.#bytesBefore = before;
      // Retention took segments away meanwhile: all that is left is looked at the next time.
      if (!whole) break;
      cleanedTo = mappedTo;
      log.compactedTo(cleanedTo);
    }
    if (passes === 0) return undefined;
    return {
      compacted: true,
      cleanedTo,
      bytesBefore: this.#bytesBefore,
      bytesAfter: this.#bytesAfter,
      passes,
    };
  }

  /**
   * Sees that a durable checkpoint covers all segments that are complete by now, and says that they may have gaps below `endOffset`. Resolves to
   * where those segments end.
   */
  async #coverBy(endOffset: number): Promise<number> {
    const log = this.#log;
    // It will have a file once everything that is durable now has been written.
    const newest = log.segments.find(log.durableEndOffset - 1);
    log.compaction.mayHaveGapsBelow(endOffset);
    await log.aborted.agreed();
    await log.context.checkpointed(log);
    this.#goOn();
    return newest?.baseOffset ?? 0;
  }

  #newKeyMap(offsets: number): KeyMap {
    const { dedupeBufferBytes, dedupeLoadFactor } = this.#log.context.cleaner();
    return new KeyMap(dedupeBufferBytes, dedupeLoadFactor, offsets);
  }

  /** Notes the keys from `from` on. Resolves to where the map knows all: `endOffset`, unless it is full before. */
  async #fill(keys: KeyMap, from: number, endOffset: number): Promise<number> {
    const log = this.#log;
    const fates = new TransactionFates(await log.abortedTransactions(from, endOffset));
    for (const { segment, end } of this.#segmentsFrom(from, endOffset)) {
      let fullAt: number | undefined;
      await scanSegment(segment, {
        from: await segment.indexes.locate(from),
        whole: true,
        onBatch: async (bytes, at, position, size) => {
          await this.#pace(size);
          if (batchIsControl(bytes, at)) {
            fates.onControl(bytes, at);
          } else if (
            !fates.onData(bytes, at) &&
            batchLastOffset(bytes, at) >= from &&
            batchRecordCount(bytes, at) > 0
          ) {
            fullAt = await this.#readable(segment, position, () => this.#note(keys, bytes, at, from));
          }
          return fullAt === undefined;
        },
      });
      if (fullAt !== undefined) return fullAt;
      if (end >= endOffset) break;
    }
    return endOffset;
  }

  /** Returns the offset of the record that did not fit. */
  async #note(keys: KeyMap, bytes: Uint8Array, at: number, from: number): Promise<number | undefined> {
    for (const cursor = cursorOver(bytes, at, await recordsOf(bytes, at)); cursor.next();) {
      if (this.#slices.due) await this.#slices.rest();
      const { key } = cursor;
      if (key !== null && cursor.offset >= from && !keys.put(key, cursor.offset)) return cursor.offset;
    }
    return undefined;
  }

  /** Writes all segments that begin below `rules.mappedTo` anew. False when some of them were taken out of the log meanwhile. */
  async #rewrite(rules: FilterRules): Promise<boolean> {
    const log = this.#log;
    const segments = this.#segmentsFrom(0, rules.mappedTo);
    const first = segments[0]?.segment.baseOffset ?? 0;
    const fates = new TransactionFates(await log.abortedTransactions(first, segments.at(-1)?.end ?? first));
    this.#bytesBefore = 0;
    this.#bytesAfter = 0;
    let group: Group | undefined;
    let whole = true;
    try {
      for (const sealed of segments) {
        if (
          group !== undefined &&
          !mayJoin(group.cleaned.size, group.cleaned.segment.baseOffset, sealed, log.config)
        ) {
          const full = group;
          group = undefined;
          whole = (await this.#putInPlace(full)) && whole;
        }
        group ??= { replaced: [], end: 0, cleaned: new CleanedWriter(log, sealed.segment.baseOffset) };
        await this.#filterSegment(sealed.segment, group.cleaned, fates, rules);
        group.replaced.push(sealed.segment);
        group.end = sealed.end;
      }
    } catch (error) {
      await group?.cleaned.remove();
      throw error;
    }
    return group === undefined ? whole : (await this.#putInPlace(group)) && whole;
  }

  /** False when some of the segments are not in the log any more. */
  async #putInPlace({ replaced, end, cleaned }: Group): Promise<boolean> {
    const swap: { outcome: SwapOutcome } = { outcome: 'not begun' };
    try {
      await cleaned.finish();
      this.#goOn();
      for (const segment of replaced) this.#bytesBefore += segment.written.size;
      this.#bytesAfter += cleaned.segment.written.size;
      // A single segment of which all is left stays as it is.
      if (replaced.length === 1 && !cleaned.changed) return true;
      const { segment, aborted } = cleaned;
      await this.#log.writer.io.run(() =>
        swapIn(this.#log, replaced, end, segment, aborted, (outcome) => {
          swap.outcome = outcome;
        }),
      );
      return swap.outcome === 'done';
    } finally {
      // Once it has begun, the new files are what counts, whatever has failed.
      if (swap.outcome === 'not begun') await cleaned.remove();
    }
  }

  async #filterSegment(
    segment: Segment,
    cleaned: CleanedWriter,
    fates: TransactionFates,
    rules: FilterRules,
  ): Promise<void> {
    await scanSegment(segment, {
      from: { position: 0, lastOffset: undefined, baseOffset: segment.baseOffset },
      whole: true,
      onBatch: async (bytes, at, position, size) => {
        await this.#pace(size);
        await this.#readable(segment, position, async () => {
          let removable: boolean;
          if (batchIsControl(bytes, at)) {
            const marker = fates.onControl(bytes, at);
            removable = marker.removable;
            if (marker.aborted !== undefined) cleaned.aborted.push(marker.aborted);
          } else {
            removable = fates.onData(bytes, at);
          }
          const left = await filterBatch(bytes, at, removable, rules, this.#slices);
          if (left === 'keep') await cleaned.add(bytes, at, size);
          else cleaned.changed = true;
          if (typeof left !== 'string') await cleaned.add(left, 0, left.length);
        });
      },
    });
  }

  /** Tells where the batch lies whose records cannot be read. */
  async #readable<T>(segment: Segment, position: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RecordError || error instanceof CompressionError)) throw error;
      throw new LogError(
        'CORRUPT',
        `The records of the batch at byte ${position} of ${segment.log.path} cannot be read: ${error.message}`,
        { cause: error },
      );
    }
  }

  #segmentsFrom(from: number, endOffset: number): Sealed[] {
    return sealedSegments(this.#log).filter(
      ({ segment, end }) => end > from && segment.baseOffset < endOffset,
    );
  }

  async #pace(bytes: number): Promise<void> {
    this.#goOn();
    await this.#slices.used(bytes);
    if (this.#slices.over) await this.#slices.rest();
    this.#goOn();
  }

  #goOn(): void {
    if (this.#log.closed || !this.#log.config.compacts || !this.#log.context.cleaner().enabled)
      throw new Abandoned();
  }
}
