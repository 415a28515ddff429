// The record of a swap: segments of a log are being replaced by the one that compaction has written. It is what makes the swap one step, whenever
// the process ends.
//
//   00000000000000000000.log.cleaned .index.cleaned ...      what takes the place, synced
//   00000000000000000000.swap                                 { "base": 0, "end": 3000, "bytes": 700, "files": [".log", ".txnindex"] }
//   00000000000000000000.log, ...1000.log, ...2000.log        what goes: all that begin from `base` to before `end`
//
//   no record            the swap has not begun: the old segments count, `.cleaned` files go
//   record               it has: it is finished, however much of it has been done
//
// Must stay true: a record is durable before an old file is touched, and gone, durably, only after all new files have their names durably; a `.cleaned` file
// that the record names and that is not there any more has its final name already.
import type { Disk } from '@moldau/runtime';
import { readWhole } from '@moldau/runtime/small-files.ts';

import { LogError } from '../../partition-log.ts';
import { CLEANED_SUFFIX, SEGMENT_FILES, offsetName, parseOffsetName } from '../partition-files.ts';

type SegmentFile = (typeof SEGMENT_FILES)[number];

export interface SwapRecord {
  /** The base offset of the new segment, and of the first one that it replaces. */
  readonly base: number;
  /** Where the first segment begins that stays. */
  readonly end: number;
  /** The size of its .log file. */
  readonly bytes: number;
  /** The files that the new segment needs; its indexes are there too, perhaps. */
  readonly files: readonly SegmentFile[];
}

const RECORD_NAME = /^(\d{20})\.swap$/;
const ASIDE_NAME = /^\d{20}\.(?:(?:log|index|timeindex|txnindex)\.cleaned|swap\.tmp)$/;

export function swapRecordPath(folder: string, base: number): string {
  return `${folder}/${offsetName(base)}.swap`;
}

export function encodeSwapRecord(record: SwapRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** A start: finishes the swaps that had begun in the folder, and clears away what others have written aside. @throws LogError CORRUPT, DiskError */
export async function finishSwaps(disk: Disk, folder: string): Promise<void> {
  let names = await namesIn(disk, folder);
  const bases = [...names].flatMap((name) => RECORD_NAME.exec(name)?.[1] ?? []);
  for (const base of bases) {
    await finishSwap(disk, folder, names, await readSwapRecord(disk, folder, Number(base)));
    names = await namesIn(disk, folder);
  }
  for (const name of names) if (ASIDE_NAME.test(name)) await disk.remove(`${folder}/${name}`);
}

async function finishSwap(
  disk: Disk,
  folder: string,
  names: ReadonlySet<string>,
  record: SwapRecord,
): Promise<void> {
  const { base, end, files } = record;
  const stem = `${folder}/${offsetName(base)}`;
  const waits = (kind: string): boolean => names.has(offsetName(base) + kind + CLEANED_SUFFIX);
  await checkNewSegment(disk, folder, record, waits('.log'));
  // The record may have been written by a process that did not live to sync it.
  await disk.syncDirectory(folder);
  for (const name of names) {
    const parsed = parseOffsetName(name);
    const kind = SEGMENT_FILES.find((file) => file === `.${parsed?.suffix}`);
    if (parsed === undefined || kind === undefined || parsed.offset < base || parsed.offset >= end) continue;
    const isNew = parsed.offset === base && files.includes(kind) && !waits(kind);
    if (!isNew) await disk.remove(`${folder}/${name}`);
  }
  for (const kind of [...SEGMENT_FILES].reverse()) {
    if (waits(kind)) await disk.rename(stem + kind + CLEANED_SUFFIX, stem + kind);
  }
  await disk.syncDirectory(folder);
  await disk.remove(swapRecordPath(folder, base));
  await disk.syncDirectory(folder);
}

/** What is to go must not go before what takes its place is certainly there. */
async function checkNewSegment(
  disk: Disk,
  folder: string,
  record: SwapRecord,
  waits: boolean,
): Promise<void> {
  const path = `${folder}/${offsetName(record.base)}.log${waits ? CLEANED_SUFFIX : ''}`;
  let size = -1;
  if (await disk.exists(path)) {
    const file = await disk.open(path, { mode: 'read' });
    size = await file.size();
    await file.close();
  }
  if (size === record.bytes) return;
  throw new LogError(
    'CORRUPT',
    `${path} should have the ${record.bytes} bytes that compaction wrote for offsets ${record.base} to ${record.end - 1}, and ${size < 0 ? 'is missing' : `has ${size}`}. Nothing was changed; restore the partition's folder from a backup.`,
  );
}

async function readSwapRecord(disk: Disk, folder: string, base: number): Promise<SwapRecord> {
  const path = swapRecordPath(folder, base);
  try {
    const record = JSON.parse(Buffer.from((await readWhole(disk, path))!).toString('utf8')) as SwapRecord;
    if (
      record.base === base &&
      Number.isSafeInteger(record.end) &&
      record.end > base &&
      Number.isSafeInteger(record.bytes) &&
      record.files.includes('.log')
    )
      return record;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw new LogError(
    'CORRUPT',
    `${path} is damaged: it says which segments compaction was replacing when the broker ended. Nothing was changed; restore the partition's folder from a backup.`,
  );
}

async function namesIn(disk: Disk, folder: string): Promise<Set<string>> {
  return new Set((await disk.list(folder)).map((entry) => entry.name));
}
