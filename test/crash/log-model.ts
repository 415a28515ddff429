// What a log store has promised, kept by the test beside it, and whether what it serves keeps the promise.
//
// Per partition: every batch that was ever appended at an offset (candidates), the batches acknowledged, and the start offset.
//
//   acknowledged: must be there, byte by byte        beyond: nothing, or exactly what was appended there once
//   [a][b][c][d]                                     [e?][f?]
import assert from 'node:assert/strict';

import {
  LogError,
  type AppendedBatch,
  type LogObserver,
  type PartitionId,
  type PartitionLog,
} from '@moldau/broker/log/partition-log.ts';
import { crc32c } from '@moldau/protocol/crc32c.ts';
import {
  BATCH_LEADER_EPOCH_AT,
  BATCH_MAGIC_AT,
  batchBaseOffset,
  batchCrc,
  batchLastOffset,
  batchSizeInBytes,
} from '@moldau/protocol/records/batch-header.ts';

/** The state that the observer derives: as good as any to see that exactly the right batches were replayed. */
interface Digest {
  readonly offset: number;
  readonly sum: number;
}

const NOTHING: Digest = { offset: 0, sum: 0 };

function digestWith(digest: Digest, baseOffset: number, lastOffset: number, crc: number): Digest {
  return { offset: lastOffset + 1, sum: (Math.imul(digest.sum, 31) + Math.imul(crc, baseOffset + 1)) >>> 0 };
}

export class ModelPartition implements LogObserver {
  readonly id: PartitionId;
  log: PartitionLog | undefined;
  acknowledgedEnd = 0;
  acknowledgedStart = 0;
  /** The largest start that anything may have moved to. */
  possibleStart = 0;
  appended = 0;
  /** A removal was begun: it may have happened. */
  mayBeRemoved = false;
  /** The process that this observer belongs to lives. */
  alive = true;
  readonly #candidates = new Map<number, AppendedBatch[]>();
  #chain: AppendedBatch[] = [];
  #pending: AppendedBatch[] = [];
  /** As of the log's end; undefined when it could not be known (everything before the start is gone, and no snapshot was left). */
  #digest: Digest | undefined = NOTHING;

  constructor(id: PartitionId) {
    this.id = id;
  }

  append(batches: readonly AppendedBatch[]): void {
    const log = this.log!;
    // The digest is that before the batches when the log asks for a snapshot, as a partition keeps its producers.
    log.append(batches);
    for (const batch of batches) {
      const candidates = this.#candidates.get(batch.baseOffset) ?? [];
      candidates.push(batch);
      this.#candidates.set(batch.baseOffset, candidates);
      this.#pending.push(batch);
      this.appended += 1;
      this.#take(batch.baseOffset, batch.lastOffset, batchCrc(batch.bytes, 0));
    }
  }

  stableEndOffset(): number {
    return Infinity;
  }

  lastOfProducer(): undefined {}

  durable(endOffset: number): void {
    if (!this.alive) return;
    assert(endOffset >= this.acknowledgedEnd, 'the durable end went back');
    while (this.#pending.length > 0 && this.#pending[0]!.baseOffset < endOffset)
      this.#chain.push(this.#pending.shift()!);
    this.acknowledgedEnd = endOffset;
  }

  discarded(endOffset: number, error: LogError): void {
    if (!this.alive) return;
    assert(error instanceof LogError);
    assert.equal(endOffset, this.acknowledgedEnd, 'discarded to another offset than the durable end');
    this.#pending = [];
    this.#digest = this.#chainDigest();
  }

  startMoved(startOffset: number): void {
    if (!this.alive) return;
    assert(startOffset >= this.acknowledgedStart, 'the start went back');
    this.acknowledgedStart = startOffset;
    this.possibleStart = Math.max(this.possibleStart, startOffset);
  }

  takeSnapshot(offset: number): Uint8Array | undefined {
    if (this.#digest === undefined || this.#digest.offset === 0) return undefined;
    assert.equal(this.#digest.offset, offset, 'a snapshot is taken at the end of what was appended');
    const body = Buffer.from(JSON.stringify(this.#digest));
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32c(body));
    return Buffer.concat([crc, body]);
  }

  restore(snapshot: Uint8Array | undefined, offset: number): boolean {
    if (snapshot === undefined) {
      this.#digest = offset === 0 ? NOTHING : undefined;
      return true;
    }
    const bytes = Buffer.from(snapshot);
    if (bytes.length < 4 || bytes.readUInt32BE(0) !== crc32c(bytes, 4)) return false;
    this.#digest = JSON.parse(bytes.toString('utf8', 4)) as Digest;
    assert.equal(this.#digest.offset, offset, 'the snapshot is of another offset');
    return true;
  }

  replay(bytes: Uint8Array, at: number): void {
    if (this.#digest !== undefined)
      assert.equal(batchBaseOffset(bytes, at), this.#digest.offset, 'replayed out of order');
    this.#take(batchBaseOffset(bytes, at), batchLastOffset(bytes, at), batchCrc(bytes, at));
  }

  /** After a start: reads all there is and holds it against the promises. What is there beyond them counts from now on. */
  async verify(): Promise<void> {
    const log = this.log!;
    const where = `${this.id.topic}-${this.id.partition}`;
    assert(
      log.endOffset >= this.acknowledgedEnd,
      `${where} ends at ${log.endOffset}: acknowledged up to ${this.acknowledgedEnd}`,
    );
    assert.equal(log.durableEndOffset, log.endOffset);
    assert(
      log.startOffset >= this.acknowledgedStart &&
        log.startOffset <= Math.max(this.possibleStart, this.acknowledgedStart),
      `${where} starts at ${log.startOffset}: between ${this.acknowledgedStart} and ${this.possibleStart} was asked for`,
    );
    const recovered: AppendedBatch[] = [];
    let offset = log.startOffset;
    while (offset < log.endOffset) {
      const slice = await log.read(offset, {
        maxBytes: 10_000,
        atLeastOneBatch: true,
        upToOffset: log.endOffset,
      });
      assert(slice.byteLength > 0, `${where} has nothing at ${offset}, before its end ${log.endOffset}`);
      for (const bytes of batchesOf(slice.buffers)) {
        recovered.push(this.#check(bytes, offset, where));
        offset = batchLastOffset(bytes, 0) + 1;
      }
    }
    assert.equal(offset, log.endOffset, `${where}: the last batch does not end at the log's end`);
    const kept = this.#chain.filter((batch) => batch.lastOffset < log.startOffset);
    this.#chain = [...kept, ...recovered];
    this.#pending = [];
    this.acknowledgedEnd = log.endOffset;
    this.acknowledgedStart = log.startOffset;
    if (this.#digest !== undefined) {
      assert.deepEqual(
        this.#digest,
        this.#chainDigest(),
        `${where}: snapshot and replay do not make the state of all batches`,
      );
    }
  }

  /** A read at a random place while the store runs. */
  async spotCheck(offset: number): Promise<void> {
    const log = this.log!;
    const durable = log.durableEndOffset;
    const slice = await log.read(offset, { maxBytes: 5_000, atLeastOneBatch: true, upToOffset: durable });
    if (!this.alive) return;
    for (const bytes of batchesOf(slice.buffers)) {
      this.#check(bytes, batchBaseOffset(bytes, 0), 'a read');
      assert(
        batchLastOffset(bytes, 0) < this.acknowledgedEnd,
        'a batch was served before it was acknowledged',
      );
    }
    if (slice.byteLength === 0)
      assert(offset >= durable || offset < log.startOffset, `nothing to read at ${offset}`);
  }

  #check(bytes: Uint8Array, offset: number, where: string): AppendedBatch {
    const base = batchBaseOffset(bytes, 0);
    assert(
      base <= offset && batchLastOffset(bytes, 0) >= offset,
      `${where}: a batch at ${base} does not hold ${offset}`,
    );
    const acknowledged =
      base < this.acknowledgedEnd ? this.#chain.find((batch) => batch.baseOffset === base) : undefined;
    const candidates = acknowledged === undefined ? (this.#candidates.get(base) ?? []) : [acknowledged];
    const found = candidates.find((batch) => sameBatch(batch.bytes, bytes));
    assert(
      found !== undefined,
      `${where}: the batch at ${base} is none that was ever ${acknowledged === undefined ? 'appended' : 'acknowledged'}`,
    );
    return found;
  }

  #take(baseOffset: number, lastOffset: number, crc: number): void {
    if (this.#digest !== undefined) this.#digest = digestWith(this.#digest, baseOffset, lastOffset, crc);
  }

  #chainDigest(): Digest | undefined {
    if (this.#digest === undefined) return undefined;
    let digest = NOTHING;
    for (const batch of this.#chain)
      digest = digestWith(digest, batch.baseOffset, batch.lastOffset, batchCrc(batch.bytes, 0));
    return digest;
  }
}

function batchesOf(buffers: readonly Uint8Array[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length;) {
      const size = batchSizeInBytes(buffer, at);
      batches.push(buffer.subarray(at, at + size));
      at += size;
    }
  }
  return batches;
}

/** Equal but for the leader epoch, which no checksum in a segment covers (as in Kafka). */
function sameBatch(a: Uint8Array, b: Uint8Array): boolean {
  return (
    a.length === b.length &&
    Buffer.compare(a.subarray(0, BATCH_LEADER_EPOCH_AT), b.subarray(0, BATCH_LEADER_EPOCH_AT)) === 0 &&
    Buffer.compare(a.subarray(BATCH_MAGIC_AT), b.subarray(BATCH_MAGIC_AT)) === 0
  );
}
