// The bytes of `<offset>.snapshot`: what the partition knew of its producers when the segment at that offset began.
//
//   version      int16    1
//   crc          uint32   CRC-32C of all that follows
//   count        int32
//   entries      46 bytes each: producer id int64, epoch int16, last sequence int32, last offset int64, offset delta int32,
//                timestamp int64, coordinator epoch int32, first offset of the open transaction int64
//   -- Kafka's file ends here; its readers ignore what follows --
//   magic        "MWIN"
//   per entry, in the same order: count int8, then per batch
//                first sequence int32, last sequence int32, base offset int64, last offset int64, timestamp int64
//
// Kafka keeps only the last batch of a producer, so after its restart a repeated batch that was not the last is refused. The
// trailer keeps the whole window. A file without it (from Kafka) is read too.
//
// Must stay true: Kafka's own tools read the file; a damaged one is refused as a whole, never half used.
import { crc32c } from '@moldau/protocol/crc32c.ts';
import { addToSequence } from '@moldau/protocol/records/batch-header.ts';
import {
  PRODUCER_WINDOW,
  type ProducedBatch,
  type ProducerEntry,
  type ProducerState,
} from './producer-state.ts';

const VERSION = 1;
const CRC_AT = 2;
const ENTRIES_AT = 6;
const ENTRY_SIZE = 46;
const TRAILER_MAGIC = 0x4d57494e;
const WINDOW_BATCH_SIZE = 32;
const MAX_SEQUENCE = 0x7fff_ffff;

/** The file's content, or undefined when there is nothing to remember. */
export function encodeProducerSnapshot(state: ProducerState): Uint8Array | undefined {
  if (state.size === 0) return undefined;
  let batches = 0;
  for (const [, entry] of state.entries()) batches += entry.batches.length;
  const bytes = Buffer.alloc(
    ENTRIES_AT + 4 + state.size * (ENTRY_SIZE + 1) + 4 + batches * WINDOW_BATCH_SIZE,
  );
  bytes.writeInt16BE(VERSION, 0);
  let at = bytes.writeInt32BE(state.size, ENTRIES_AT);
  for (const [producerId, entry] of state.entries()) at = writeEntry(bytes, at, producerId, entry);
  at = bytes.writeUInt32BE(TRAILER_MAGIC, at);
  for (const [, entry] of state.entries()) at = writeWindow(bytes, at, entry);
  bytes.writeUInt32BE(crc32c(bytes, ENTRIES_AT), CRC_AT);
  return bytes;
}

function writeEntry(bytes: Buffer, start: number, producerId: number, entry: ProducerEntry): number {
  const last = entry.batches.at(-1);
  let at = writeInt64(bytes, producerId, start);
  at = bytes.writeInt16BE(entry.epoch, at);
  at = bytes.writeInt32BE(last?.lastSequence ?? -1, at);
  at = writeInt64(bytes, last?.lastOffset ?? -1, at);
  at = bytes.writeInt32BE(last === undefined ? 0 : last.lastOffset - last.baseOffset, at);
  at = writeInt64(bytes, entry.lastSeenMs, at);
  at = bytes.writeInt32BE(entry.coordinatorEpoch, at);
  return writeInt64(bytes, entry.transactionFirstOffset, at);
}

function writeWindow(bytes: Buffer, start: number, entry: ProducerEntry): number {
  let at = bytes.writeInt8(entry.batches.length, start);
  for (const batch of entry.batches) {
    at = bytes.writeInt32BE(batch.firstSequence, at);
    at = bytes.writeInt32BE(batch.lastSequence, at);
    at = writeInt64(bytes, batch.baseOffset, at);
    at = writeInt64(bytes, batch.lastOffset, at);
    at = writeInt64(bytes, batch.timestamp, at);
  }
  return at;
}

/** What the file holds, or undefined when it is damaged or of a version that is not known. */
export function decodeProducerSnapshot(content: Uint8Array): Map<number, ProducerEntry> | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.length < ENTRIES_AT + 4 || bytes.readInt16BE(0) !== VERSION) return undefined;
  if (bytes.readUInt32BE(CRC_AT) !== crc32c(bytes, ENTRIES_AT)) return undefined;
  const count = bytes.readInt32BE(ENTRIES_AT);
  const entriesEnd = ENTRIES_AT + 4 + count * ENTRY_SIZE;
  if (count < 0 || entriesEnd > bytes.length) return undefined;
  const windows = readWindows(bytes, entriesEnd, count);
  const entries = new Map<number, ProducerEntry>();
  for (let i = 0; i < count; i++) {
    const at = ENTRIES_AT + 4 + i * ENTRY_SIZE;
    const lastSequence = bytes.readInt32BE(at + 10);
    const lastOffset = readInt64(bytes, at + 14);
    const delta = bytes.readInt32BE(at + 22);
    const timestamp = readInt64(bytes, at + 26);
    const last: ProducedBatch = {
      firstSequence: lastSequence >= delta ? lastSequence - delta : MAX_SEQUENCE - (delta - lastSequence - 1),
      lastSequence,
      baseOffset: lastOffset - delta,
      lastOffset,
      timestamp,
    };
    const known = lastSequence < 0 ? [] : [last];
    entries.set(readInt64(bytes, at), {
      epoch: bytes.readInt16BE(at + 8),
      batches: windows?.[i] ?? known,
      lastSeenMs: timestamp,
      lastTimestamp: timestamp,
      coordinatorEpoch: bytes.readInt32BE(at + 34),
      transactionFirstOffset: readInt64(bytes, at + 38),
    });
  }
  return entries;
}

/** The windows behind Kafka's part; undefined when there are none, or they do not fit (Kafka's part then stands alone). */
function readWindows(bytes: Buffer, start: number, count: number): ProducedBatch[][] | undefined {
  let at = start + 4;
  if (at > bytes.length || bytes.readUInt32BE(start) !== TRAILER_MAGIC) return undefined;
  const windows: ProducedBatch[][] = [];
  for (let i = 0; i < count; i++) {
    if (at >= bytes.length) return undefined;
    const size = bytes.readInt8(at);
    at += 1;
    if (size < 0 || size > PRODUCER_WINDOW || at + size * WINDOW_BATCH_SIZE > bytes.length) return undefined;
    const batches: ProducedBatch[] = [];
    for (let b = 0; b < size; b++, at += WINDOW_BATCH_SIZE) {
      const batch: ProducedBatch = {
        firstSequence: bytes.readInt32BE(at),
        lastSequence: bytes.readInt32BE(at + 4),
        baseOffset: readInt64(bytes, at + 8),
        lastOffset: readInt64(bytes, at + 16),
        timestamp: readInt64(bytes, at + 24),
      };
      if (addToSequence(batch.firstSequence, batch.lastOffset - batch.baseOffset) !== batch.lastSequence)
        return undefined;
      batches.push(batch);
    }
    windows.push(batches);
  }
  return windows;
}

function writeInt64(bytes: Buffer, value: number, at: number): number {
  bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
  return bytes.writeUInt32BE(value >>> 0, at + 4);
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
