// Reads the write-ahead log after a start: every frame that a checkpoint does not cover, in order, over all files.
//
//      frames                  known durable
//   ...[k-2][k-1][k ]             each frame says: all up to here was durable when I was written
//                   \ invalid
//                      no later frame says that k+1 was durable: a torn tail, cut
//                      one does:                                 corruption, stop
//
// Must stay true: a frame is handed on only once each byte of it has been checked; after corruption nothing is changed on the
// disk but a copy of the damaged file in `quarantine/`.
import type { Disk, DiskFile } from '@moldau/runtime';

import { LogError, type PartitionId } from '../partition-log.ts';
import { isBatchOf } from './batch-check.ts';
import type { WalFile } from './wal-files.ts';
import {
  FRAME_FIXED_BYTES,
  WAL_ALIGNMENT,
  alignUp,
  decodeFrameHeader,
  peekFrame,
  type FrameBatchEntry,
  type FrameHeader,
  type FrameSection,
} from './wal-frame.ts';
import { quarantine } from './quarantine.ts';

export type SegmentSection = Extract<FrameSection, { kind: 'segment' }>;

/** What a scan hands on: one valid frame. */
export interface ScannedFrame {
  readonly header: FrameHeader;
  /** The batches' bytes, one behind the other; not used again by the scan. */
  readonly body: Uint8Array;
  /** What the frame's partition numbers mean. */
  readonly partitions: ReadonlyMap<number, PartitionId>;
}

export interface WalScanOptions {
  readonly disk: Disk;
  /** The store's folder: damaged files are copied into `quarantine/` within. */
  readonly storeFolder: string;
  readonly walFolder: string;
  /** The first sequence that is still needed. */
  readonly fromSequence: number;
  /** Files of an older epoch hold nothing that counts. */
  readonly fromEpoch: number;
  /** Whether a segment holds what a section of a frame says; tells where it does not. */
  readonly checkSegment: (
    section: SegmentSection,
    id: PartitionId | undefined,
  ) => Promise<string | undefined>;
  readonly onFrame: (frame: ScannedFrame) => Promise<void>;
}

export interface WalScanResult {
  /** What the next frame gets. */
  readonly nextSequence: number;
  readonly nextEpoch: number;
  readonly nextFileNumber: number;
  /** All files there are; whoever scanned may use them again once what was found is safe elsewhere. */
  readonly files: WalFile[];
  /** True when something invalid was cut off the end. */
  readonly torn: boolean;
}

const RESYNC_BLOCK_BYTES = 1024 * 1024;
/** Read with the first page of a frame, so that most frames take one read. */
const FIRST_READ_BYTES = 64 * 1024;

interface ScannedFile extends WalFile {
  /** The header at position 0, when there is a valid one. */
  first: FrameHeader | undefined;
  /** Position 0 is as `allocate` left it. */
  blank: boolean;
}

export async function scanWal(options: WalScanOptions): Promise<WalScanResult> {
  const { files, nextFileNumber } = await openFiles(options);
  const scan = new WalScan(options, files);
  const torn = await scan.run();
  let nextEpoch = options.fromEpoch;
  for (const file of files) {
    nextEpoch = Math.max(nextEpoch, (file.first?.epoch ?? 0) + 1);
  }
  // A frame that was cut may still lie around: its sequence is left behind.
  return { nextSequence: torn ? scan.expected + 1 : scan.expected, nextEpoch, nextFileNumber, files, torn };
}

async function openFiles(options: WalScanOptions): Promise<{ files: ScannedFile[]; nextFileNumber: number }> {
  const { disk, walFolder } = options;
  const files: ScannedFile[] = [];
  let nextFileNumber = 1;
  if (!(await disk.exists(walFolder))) {
    return { files, nextFileNumber };
  }
  for (const entry of await disk.list(walFolder)) {
    const number = /^(\d+)\.wal$/.exec(entry.name)?.[1];
    if (number === undefined) continue;
    nextFileNumber = Math.max(nextFileNumber, Number(number) + 1);
    const path = `${walFolder}/${entry.name}`;
    const file = await disk.open(path, { mode: 'write' });
    const capacity = await file.size();
    if (capacity < WAL_ALIGNMENT) {
      // Its allocation never finished.
      await file.close();
      await disk.remove(path);
      continue;
    }
    const first = await readHeader(file, 0, capacity);
    const page = new Uint8Array(WAL_ALIGNMENT);
    await file.read(page, 0);
    files.push({
      path,
      file,
      capacity: Math.floor(capacity / WAL_ALIGNMENT) * WAL_ALIGNMENT,
      epoch: first?.epoch ?? 0,
      end: 0,
      lastSequence: 0,
      first,
      blank: page.every((byte) => byte === 0),
    });
  }
  return { files, nextFileNumber };
}

async function readHeader(
  file: DiskFile,
  position: number,
  capacity: number,
): Promise<FrameHeader | undefined> {
  let bytes = new Uint8Array(Math.min(FIRST_READ_BYTES, capacity - position));
  if (bytes.length < FRAME_FIXED_BYTES) return undefined;
  bytes = bytes.subarray(0, await file.read(bytes, position));
  const peeked = peekFrame(bytes);
  if (peeked === undefined || position + peeked.headerBytes > capacity) return undefined;
  if (peeked.headerBytes > bytes.length) {
    bytes = new Uint8Array(peeked.headerBytes);
    if ((await file.read(bytes, position)) < bytes.length) return undefined;
  }
  return decodeFrameHeader(bytes);
}

class WalScan {
  /** The sequence that comes next. */
  expected: number;
  readonly #options: WalScanOptions;
  readonly #files: readonly ScannedFile[];
  /** What is known of why the frame that should come next does not. */
  #breakage: { readonly path: string; readonly position: number; readonly reason: string } | undefined;

  constructor(options: WalScanOptions, files: readonly ScannedFile[]) {
    this.#options = options;
    this.#files = files;
    this.expected = options.fromSequence;
  }

  /** Returns whether a torn tail was cut. */
  async run(): Promise<boolean> {
    const live = this.#files
      .filter((file) => file.first !== undefined && file.first.epoch >= this.#options.fromEpoch)
      .sort((a, b) => a.first!.sequence - b.first!.sequence);
    let brokenIn: ScannedFile | undefined;
    let brokenAt = 0;
    for (const [i, file] of live.entries()) {
      const following = live[i + 1];
      if (following !== undefined && following.first!.sequence <= this.expected) continue;
      if (file.first!.sequence > this.expected) break;
      brokenIn = file;
      brokenAt = await this.#scanFile(file);
    }
    await this.#refuseIfLaterFramesCountOnIt(brokenIn, brokenAt);
    return this.#breakage !== undefined;
  }

  /** Hands on the frames of one file; returns where the first begins that is not valid. */
  async #scanFile(file: ScannedFile): Promise<number> {
    const partitions = new Map<number, PartitionId>();
    let position = 0;
    let header = file.first;
    let previous = 0;
    while (header !== undefined && header.epoch === file.first!.epoch) {
      if (previous !== 0 && header.sequence !== previous + 1) break;
      for (const [number, id] of header.definitions) partitions.set(number, id);
      if (header.sequence >= this.expected) {
        if (header.sequence !== this.expected) break;
        const body = await this.#readBody(file, position, header, partitions);
        if (body === undefined) return position;
        this.expected += 1;
        this.#breakage = undefined;
        await this.#options.onFrame({ header, body, partitions });
      }
      previous = header.sequence;
      position += alignUp(header.headerBytes + header.bodyBytes);
      header = position < file.capacity ? await readHeader(file.file, position, file.capacity) : undefined;
    }
    return position;
  }

  async #readBody(
    file: ScannedFile,
    position: number,
    header: FrameHeader,
    partitions: ReadonlyMap<number, PartitionId>,
  ): Promise<Uint8Array | undefined> {
    const body = new Uint8Array(header.bodyBytes);
    const got = await file.file.read(body, position + header.headerBytes);
    let at = 0;
    let reason = got < body.length ? 'the file ends within the frame' : undefined;
    for (const section of header.sections) {
      if (reason !== undefined) break;
      if (section.kind === 'segment') {
        reason = await this.#options.checkSegment(section, partitions.get(section.number));
      } else if (section.kind === 'batches') {
        reason = badBatch(body, at, section.batches, position + header.headerBytes);
        for (const batch of section.batches) at += batch.length;
      }
    }
    if (reason === undefined) return body;
    this.#breakage = { path: file.path, position, reason };
    return undefined;
  }

  /** Looks for frames behind the break which say that what is broken was durable. */
  async #refuseIfLaterFramesCountOnIt(brokenIn: ScannedFile | undefined, brokenAt: number): Promise<void> {
    for (const file of this.#files) {
      let from: number;
      if (file === brokenIn) {
        from = brokenAt;
      } else if (file.first === undefined && !file.blank) {
        from = 0;
      } else if (file.first !== undefined && file.first.sequence > this.expected) {
        from = 0;
      } else {
        continue;
      }
      const witness = await this.#findWitness(file, from);
      if (witness !== undefined) {
        const at = this.#breakage ?? {
          path: (brokenIn ?? file).path,
          position: brokenIn === undefined ? 0 : brokenAt,
          reason: 'there is no valid frame',
        };
        const copy = await quarantine(this.#options.disk, this.#options.storeFolder, at.path);
        throw new LogError(
          'CORRUPT',
          `The write-ahead log is damaged: frame ${this.expected} in ${at.path} at byte ${at.position}: ${at.reason}. ` +
            `It had been acknowledged (frame ${witness.sequence} in ${file.path} at byte ${witness.position} says so). ` +
            `Nothing was changed; a copy is in ${copy}.`,
        );
      }
    }
  }

  async #findWitness(
    file: ScannedFile,
    from: number,
  ): Promise<{ sequence: number; position: number } | undefined> {
    const block = new Uint8Array(RESYNC_BLOCK_BYTES);
    for (let position = from; position < file.capacity; position += block.length) {
      const got = await file.file.read(block, position);
      for (let at = 0; at + FRAME_FIXED_BYTES <= got; at += WAL_ALIGNMENT) {
        const peeked = peekFrame(block.subarray(at, at + FRAME_FIXED_BYTES));
        if (
          peeked === undefined ||
          peeked.sequence <= this.expected ||
          peeked.epoch < this.#options.fromEpoch
        )
          continue;
        const header = await readHeader(file.file, position + at, file.capacity);
        if (header !== undefined && header.durableSequence >= this.expected) {
          return { sequence: header.sequence, position: position + at };
        }
      }
    }
    return undefined;
  }
}

function badBatch(
  body: Uint8Array,
  from: number,
  batches: readonly FrameBatchEntry[],
  base: number,
): string | undefined {
  let at = from;
  for (const batch of batches) {
    if (!isBatchOf(body, at, batch)) {
      return `the batch of offsets ${batch.baseOffset} to ${batch.lastOffset} at byte ${base + at} is not what was written`;
    }
    at += batch.length;
  }
  return undefined;
}
