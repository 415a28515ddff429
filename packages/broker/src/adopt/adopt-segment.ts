// One segment of a Kafka partition: its .log file is read to its end, each batch checked, and copied or linked; the indexes beside it are made anew
// from what was read, which costs nothing more and trusts nothing.
//
//   source .log  --checked-->  target .log (a copy, or the same file under a second name)
//                         \->  .index, .timeindex, .txnindex
//
// Must stay true: what is in the target was valid when it was read; the source is only read.
import type { Disk, DiskFile } from '@moldau/runtime';
import { readWhole } from '@moldau/runtime/small-files.ts';
import {
  batchBaseOffset,
  batchLastOffset,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchProducerId,
} from '@moldau/protocol/records/batch-header.ts';
import type { BatchFailure } from '@moldau/protocol/records/check-batch.ts';
import { scanBatches } from '../log/batch-scan.ts';
import type { LeaderEpochs } from '../log/local/leader-epochs.ts';
import { OffsetIndex } from '../log/local/offset-index.ts';
import { offsetName } from '../log/local/partition-files.ts';
import { SegmentProgress } from '../log/local/segment-progress.ts';
import { TimeIndex } from '../log/local/time-index.ts';
import { encodeAborted } from '../log/local/transaction-index.ts';
import { AdoptError } from './adopt-error.ts';
import { decodeTransactionIndex, type TransactionScan } from './transaction-scan.ts';

/** What is gathered over the segments of a partition. */
export interface PartitionScan {
  /** Where the next batch has to begin, or later in a log with gaps. */
  nextOffset: number;
  /** Offsets are missing somewhere. */
  gaps: boolean;
  maxProducerId: number;
  batches: number;
  readonly epochs: LeaderEpochs;
  readonly transactions: TransactionScan;
}

export interface SegmentSource {
  readonly disk: Disk;
  readonly folder: string;
  readonly baseOffset: number;
  readonly indexIntervalBytes: number;
  /** Gets told of bytes read. */
  readonly progress: (bytes: number) => void;
}

export interface AdoptedSegment {
  /** Bytes that count. */
  readonly size: number;
  readonly fileSize: number;
  readonly problem: BatchFailure | undefined;
}

/** `to`: the target's folder; undefined only to look. @throws AdoptError UNSUPPORTED, DAMAGED; DiskError */
export async function adoptSegment(
  source: SegmentSource,
  scan: PartitionScan,
  to: string | undefined,
  how: 'copy' | 'link',
): Promise<AdoptedSegment> {
  const { disk, folder, baseOffset } = source;
  const name = offsetName(baseOffset);
  const path = `${folder}/${name}.log`;
  const file = await disk.open(path, { mode: 'read' });
  const copy =
    to !== undefined && how === 'copy' ? await disk.open(`${to}/${name}.log`, { mode: 'create' }) : undefined;
  const writer = copy === undefined ? undefined : new GatheringWriter(copy);
  try {
    const fileSize = await file.size();
    const indexes = new Indexes(baseOffset, source.indexIntervalBytes);
    const { position: size, problem } = await scanBatches(file, async (bytes, at, position, length) => {
      checkOrder(scan, batchBaseOffset(bytes, at), path, position);
      take(scan, bytes, at);
      indexes.batch(bytes, at, position, length);
      await writer?.add(bytes.subarray(at, at + length));
      source.progress(length);
    });
    await writer?.flush();
    if (problem === 'old-magic') {
      throw new AdoptError(
        'UNSUPPORTED',
        `${path} holds a batch of message format v0 or v1 at byte ${size}, which Kafka 4 and Moldau do not read. Copy the topic into a new one with a client of Kafka 3 (log.message.format.version 3.0), then adopt.`,
      );
    }
    await copy?.sync();
    if (to !== undefined && how === 'link') {
      // Behind what counts there may be more only in the newest segment, which is never linked.
      if (problem === undefined) await link(disk, path, `${to}/${name}.log`);
    }
    if (to !== undefined) {
      await indexes.write(disk, `${to}/${name}`);
      const stored = await readWhole(disk, `${folder}/${name}.txnindex`);
      const aborted = scan.transactions.take(
        decodeTransactionIndex(stored ?? new Uint8Array(0), baseOffset),
        scan.nextOffset,
      );
      if (aborted.length > 0) await writeSynced(disk, `${to}/${name}.txnindex`, encodeAborted(aborted));
    }
    return { size, fileSize, problem };
  } finally {
    await closeAll(file, copy);
  }
}

async function link(disk: Disk, from: string, to: string): Promise<void> {
  try {
    await disk.link(from, to);
  } catch (error) {
    throw new AdoptError(
      'TARGET',
      `${from} cannot be linked into the data folder (${(error as Error).message}). Links need both on one file system and the rights to them: adopt with --copy.`,
      { cause: error },
    );
  }
  // Its bytes may be in the page cache alone.
  const file = await disk.open(to, { mode: 'read' });
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function checkOrder(scan: PartitionScan, offset: number, path: string, position: number): void {
  if (offset < scan.nextOffset) {
    throw new AdoptError(
      'DAMAGED',
      `${path}: the batch at byte ${position} begins at offset ${offset}, but the one before ended at ${scan.nextOffset - 1}. The files are not of one log: restore the folder from a copy, or from another replica.`,
    );
  }
  if (offset > scan.nextOffset) scan.gaps = true;
}

function take(scan: PartitionScan, bytes: Uint8Array, at: number): void {
  scan.nextOffset = batchLastOffset(bytes, at) + 1;
  scan.batches += 1;
  scan.epochs.assign(batchLeaderEpoch(bytes, at), batchBaseOffset(bytes, at));
  scan.maxProducerId = Math.max(scan.maxProducerId, batchProducerId(bytes, at));
  scan.transactions.batch(bytes, at);
}

async function closeAll(...files: readonly (DiskFile | undefined)[]): Promise<void> {
  for (const file of files) await file?.close();
}

export async function writeSynced(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const file = await disk.open(path, { mode: 'create' });
  try {
    if (content.length > 0) await file.write([content], 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

const GATHERED_BYTES = 1024 * 1024;

/** Writes pieces one behind the other, many of them at a time: small batches would cost a system call each. */
class GatheringWriter {
  readonly #file: DiskFile;
  readonly #buffer = new Uint8Array(GATHERED_BYTES);
  #gathered = 0;
  #position = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** `piece` may change once it resolves. */
  async add(piece: Uint8Array): Promise<void> {
    if (this.#gathered + piece.length > GATHERED_BYTES) await this.flush();
    if (piece.length > GATHERED_BYTES) {
      await this.#write(piece);
    } else {
      this.#buffer.set(piece, this.#gathered);
      this.#gathered += piece.length;
    }
  }

  async flush(): Promise<void> {
    const gathered = this.#buffer.subarray(0, this.#gathered);
    this.#gathered = 0;
    if (gathered.length > 0) await this.#write(gathered);
  }

  async #write(piece: Uint8Array): Promise<void> {
    await this.#file.write([piece], this.#position);
    this.#position += piece.length;
  }
}

/** The sparse indexes of a segment, as our own log would have made them. */
class Indexes {
  readonly #baseOffset: number;
  readonly #interval: number;
  readonly #progress = new SegmentProgress();
  readonly #offsets = new OffsetIndex();
  readonly #times = new TimeIndex();

  constructor(baseOffset: number, interval: number) {
    this.#baseOffset = baseOffset;
    this.#interval = interval;
  }

  batch(bytes: Uint8Array, at: number, position: number, length: number): void {
    const baseOffset = batchBaseOffset(bytes, at);
    const lastOffset = batchLastOffset(bytes, at);
    const maxTimestamp = batchMaxTimestamp(bytes, at);
    if (this.#progress.advance({ baseOffset, lastOffset, maxTimestamp }, length, this.#interval)) {
      this.#offsets.append(lastOffset - this.#baseOffset, position);
      this.#addTime();
    }
  }

  async write(disk: Disk, stem: string): Promise<void> {
    this.#addTime();
    await writeSynced(disk, `${stem}.index`, this.#offsets.encode(0));
    await writeSynced(disk, `${stem}.timeindex`, this.#times.encode(0));
  }

  #addTime(): void {
    this.#times.append(this.#progress.maxTimestamp, this.#progress.maxTimestampOffset - this.#baseOffset);
  }
}
