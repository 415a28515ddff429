// Prints a file of the write-ahead log, frame by frame (wal-frame.ts), and what each says of which partition.
//
//   [frame of epoch 7][frame of epoch 7][what the file held before: epoch 5 ...]
//                                       ^ the end: a file is used again and again
//
// One file cannot tell whether a frame that is not whole had been acknowledged: a start, which reads all of them, can. So what follows says it: a valid
// frame of the same epoch behind it means damage, nothing means a write that never ended.
import type { Disk, DiskFile } from '@moldau/runtime';
import { batchComputedCrc } from '@moldau/protocol/records/batch-header.ts';
import { checkBatchHeader } from '@moldau/protocol/records/check-batch.ts';
import {
  FRAME_FIXED_BYTES,
  WAL_ALIGNMENT,
  alignUp,
  decodeFrameHeader,
  peekFrame,
  type FrameBatchEntry,
  type FrameHeader,
  type FrameSection,
} from '../log/local/wal-frame.ts';
import type { PartitionId } from '../log/partition-log.ts';
import { dumpBatch, type BatchDumpOptions } from './dump-batches.ts';
import type { DumpSink } from './dump-row.ts';
import { decoderOfTopic } from './record-decoders.ts';

const ADVICE =
  'Start the broker: it reads all files of the write-ahead log, cuts off what was never acknowledged, and stops with the details if acknowledged records are damaged.';

/** Returns how many damages were found. @throws DiskError */
export async function dumpWal(
  disk: Disk,
  path: string,
  options: Omit<BatchDumpOptions, 'decoder'>,
  sink: DumpSink,
): Promise<number> {
  const file = await disk.open(path, { mode: 'read' });
  try {
    return await new WalDump(file, await file.size(), options.records, sink).run();
  } finally {
    await file.close();
  }
}

class WalDump {
  readonly #file: DiskFile;
  readonly #size: number;
  readonly #records: boolean;
  readonly #sink: DumpSink;
  readonly #partitions = new Map<number, PartitionId>();
  #damages = 0;
  #epoch: number | undefined;
  #sequence = 0;

  constructor(file: DiskFile, size: number, records: boolean, sink: DumpSink) {
    this.#file = file;
    this.#size = size;
    this.#records = records;
    this.#sink = sink;
  }

  async run(): Promise<number> {
    for (let position: number | undefined = 0; position !== undefined && position < this.#size;) {
      const header = await this.#header(position);
      if (header === undefined) {
        position = await this.#afterBreak(position);
        continue;
      }
      await this.#frame(header, position);
      position += alignUp(header.headerBytes + header.bodyBytes);
    }
    return this.#damages;
  }

  /** The header at `position`, if it is one that belongs to the file as it is now. */
  async #header(position: number): Promise<FrameHeader | undefined> {
    const fixed = new Uint8Array(FRAME_FIXED_BYTES);
    if ((await this.#file.read(fixed, position)) < fixed.length) return undefined;
    const peeked = peekFrame(fixed);
    if (peeked === undefined || position + peeked.headerBytes + peeked.bodyBytes > this.#size)
      return undefined;
    const bytes = new Uint8Array(peeked.headerBytes);
    await this.#file.read(bytes, position);
    const header = decodeFrameHeader(bytes);
    const old =
      header !== undefined &&
      this.#epoch !== undefined &&
      (header.epoch !== this.#epoch || header.sequence <= this.#sequence);
    return old ? undefined : header;
  }

  /** No frame is at `position`: tells why, and returns where to go on. */
  async #afterBreak(position: number): Promise<number | undefined> {
    for (let at = position + WAL_ALIGNMENT; at < this.#size; at += WAL_ALIGNMENT) {
      if ((await this.#header(at)) === undefined) continue;
      await this.#damage(
        position,
        `no whole frame is here, but one is at byte ${at}, so that this had been written`,
      );
      return at;
    }
    await this.#sink({
      row: 'end',
      position,
      bytes: this.#size - position,
      meaning:
        this.#epoch === undefined
          ? 'no frame: the file was never used, or its first write never ended'
          : 'behind the last frame: unused room, what the file held before, or a write that never ended',
    });
    return undefined;
  }

  async #frame(header: FrameHeader, position: number): Promise<void> {
    this.#epoch = header.epoch;
    this.#sequence = header.sequence;
    for (const [number, id] of header.definitions) this.#partitions.set(number, id);
    const { sequence, durableSequence, epoch, headerBytes, bodyBytes } = header;
    await this.#sink({ row: 'frame', position, sequence, durableSequence, epoch, headerBytes, bodyBytes });
    let at = position + headerBytes;
    for (const section of header.sections) at = await this.#section(section, at);
  }

  /** Returns where the bytes of the next section begin. */
  async #section(section: FrameSection, at: number): Promise<number> {
    const id = this.#partitions.get(section.number);
    const partition = id === undefined ? `number ${section.number}` : `${id.topic}-${id.partition}`;
    if (section.kind === 'start') {
      await this.#sink({ row: 'start', partition, startOffset: section.startOffset });
      return at;
    }
    const first = section.batches[0];
    const last = section.batches.at(-1);
    await this.#sink({
      row: section.kind === 'batches' ? 'batches' : 'in-segment',
      partition,
      topicId: id?.topicId ?? null,
      batches: section.batches.length,
      baseOffset: first?.baseOffset ?? -1,
      lastOffset: last?.lastOffset ?? -1,
      bytes: section.batches.reduce((sum, batch) => sum + batch.length, 0),
      ...(section.kind === 'segment'
        ? { segment: section.segmentBase, segmentPosition: section.position }
        : {}),
    });
    if (section.kind === 'segment') return at;
    let position = at;
    for (const batch of section.batches) {
      await this.#batch(batch, position, id);
      position += batch.length;
    }
    return position;
  }

  async #batch(entry: FrameBatchEntry, position: number, id: PartitionId | undefined): Promise<void> {
    const bytes = new Uint8Array(entry.length);
    const got = await this.#file.read(bytes, position);
    const whole =
      got === bytes.length &&
      checkBatchHeader(bytes, 0, bytes.length, 'log') === undefined &&
      batchComputedCrc(bytes, 0) === entry.crc;
    if (!whole) {
      await this.#damage(
        position,
        `the batch of offsets ${entry.baseOffset} to ${entry.lastOffset} is not what was written`,
      );
      return;
    }
    if (!this.#records) return;
    const decoder = decoderOfTopic(id?.topic ?? '');
    const problem = await dumpBatch(bytes, 0, position, { records: true, decoder }, this.#sink);
    if (problem !== undefined)
      await this.#damage(position, `the records of the batch cannot be read: ${problem}`);
  }

  async #damage(position: number, problem: string): Promise<void> {
    this.#damages += 1;
    await this.#sink({ row: 'damage', position, problem, advice: ADVICE });
  }
}
