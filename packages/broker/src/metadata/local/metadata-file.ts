// One file of the metadata log: a snapshot, then the changes since, one frame a group commit.
//
//   [file header][snapshot @40][changes @43][changes @44][mark @44]
//    \__________ made aside, __________/     \_ one write and one sync each; the mark is written behind them without a sync
//       then renamed into place                  and overwritten by the next frame
//
// Recovery: only one frame is ever on its way to the disk, so an invalid frame is the end of the log unless anything valid
// stands behind it, a later frame or a mark: that proves it was durable once, and then it is corruption. The mark is what tells a
// damaged last frame from one that was never finished.
//
// Must stay true: nothing durable is cut, the file is not touched before it has been read to its end without finding corruption.
import type { Disk, DiskFile } from '@moldau/runtime';
import type { MetadataChange } from '../change.ts';
import type { MetadataImage } from '../image.ts';
import { ImageDraft } from '../apply-change.ts';
import { MetadataError } from '../metadata-store.ts';
import { decodeSnapshot, encodeSnapshot } from './image-snapshot.ts';
import {
  FILE_HEADER_BYTES,
  decodeFileHeader,
  decodeFrame,
  encodeFileHeader,
  encodeFrame,
  findFrame,
} from './metadata-frame.ts';

const NAME = /^(\d{20})\.metadata$/;
const ASIDE_SUFFIX = '.new';

/** The file's name: the version of the image its snapshot holds, so that names sort by age. */
export function metadataFileName(version: number): string {
  return `${String(version).padStart(20, '0')}.metadata`;
}

/** The names of the folder's metadata files, newest first, and those left behind half made. */
export async function listMetadataFiles(
  disk: Disk,
  folder: string,
): Promise<{ files: string[]; unfinished: string[] }> {
  const names = (await disk.list(folder)).filter((entry) => entry.kind === 'file').map((entry) => entry.name);
  return {
    files: names
      .filter((name) => NAME.test(name))
      .sort()
      .reverse(),
    unfinished: names.filter((name) => name.endsWith(`.metadata${ASIDE_SUFFIX}`)),
  };
}

export interface RecoveredFile {
  readonly image: MetadataImage;
  /** Where the next frame goes. */
  readonly end: number;
  /** Where the snapshot ends. */
  readonly snapshotEnd: number;
  /** Bytes behind `end` (and behind a mark there) that were never durable: to be cut. */
  readonly torn: number;
  /**
   * The last frame, when nothing proves that it is durable: its sync may have failed, and then the page cache shows bytes that the device does not have
   * and that no later sync writes. They have to be written again.
   */
  readonly unproven: { readonly bytes: Uint8Array; readonly position: number } | undefined;
}

/** Reads the whole file. @throws MetadataError `CORRUPT` with the file and position; nothing was changed */
export async function recoverMetadataFile(file: DiskFile): Promise<RecoveredFile> {
  const bytes = await readAll(file);
  const corrupt: Corrupt = (position, problem, cause) =>
    new MetadataError(
      'CORRUPT',
      `The metadata log ${file.path} is corrupt at byte ${position}: ${problem}. Nothing was changed; restore the file from a copy, and keep this one for analysis.`,
      { cause },
    );
  const { draft, snapshotEnd } = readFirst(bytes, corrupt);
  const { end, lastFrame, markEnd } = readChanges(bytes, snapshotEnd, draft, corrupt);
  const isProven = markEnd !== undefined || end === snapshotEnd;
  return {
    image: draft.finish(),
    end,
    snapshotEnd,
    torn: bytes.length - (markEnd ?? end),
    unproven: isProven ? undefined : { bytes: bytes.subarray(lastFrame, end), position: lastFrame },
  };
}

type Corrupt = (position: number, problem: string, cause?: unknown) => MetadataError;

/** The header, and the snapshot that the file begins with. */
function readFirst(
  bytes: Buffer,
  corrupt: Corrupt,
): { readonly draft: ImageDraft; readonly snapshotEnd: number } {
  const header = decodeFileHeader(bytes);
  if ('problem' in header) throw corrupt(0, header.problem);
  const first = decodeFrame(bytes, FILE_HEADER_BYTES);
  if ('problem' in first) throw corrupt(FILE_HEADER_BYTES, first.problem);
  if (first.kind !== 'snapshot' || first.sequence !== header.sequence) {
    throw corrupt(FILE_HEADER_BYTES, `it should begin with the snapshot of version ${header.sequence}`);
  }
  const draft = new ImageDraft(
    attempt(
      () => decodeSnapshot(first.payload),
      (error) => corrupt(FILE_HEADER_BYTES, `the snapshot cannot be read (${error.message})`, error),
    ),
  );
  if (draft.version !== header.sequence) {
    throw corrupt(FILE_HEADER_BYTES, `the snapshot is of version ${draft.version}, not ${header.sequence}`);
  }
  return { draft, snapshotEnd: first.end };
}

/** Applies the frames from `from` on to `draft`. `end`: behind the last that is whole, which begins at `lastFrame`; `markEnd`: behind a mark there. */
function readChanges(
  bytes: Buffer,
  from: number,
  draft: ImageDraft,
  corrupt: Corrupt,
): { readonly end: number; readonly lastFrame: number; readonly markEnd: number | undefined } {
  let at = from;
  let lastFrame = from;
  while (at < bytes.length) {
    const position = at;
    const frame = decodeFrame(bytes, position);
    if ('problem' in frame) {
      const later = findFrame(bytes, position);
      if (later === undefined) break;
      throw corrupt(
        position,
        `${frame.problem}, but a later frame stands at byte ${later.position}, so what was here had been durable`,
      );
    }
    if (frame.kind === 'mark') {
      if (frame.sequence === draft.version) return { end: position, lastFrame, markEnd: frame.end };
      throw corrupt(
        position,
        `the log ends at version ${draft.version}, but version ${frame.sequence} had been durable`,
      );
    }
    if (frame.kind === 'snapshot') throw corrupt(position, 'a second snapshot');
    attempt(
      () => applyFrame(draft, frame.payload),
      (error) => corrupt(position, `the changes cannot be applied (${error.message})`, error),
    );
    if (draft.version !== frame.sequence) {
      throw corrupt(
        position,
        `the changes lead to version ${draft.version}, the frame says ${frame.sequence}`,
      );
    }
    lastFrame = position;
    at = frame.end;
  }
  return { end: at, lastFrame, markEnd: undefined };
}

/** The frame of one group commit. */
export function encodeChanges(changes: readonly MetadataChange[], sequence: number): Uint8Array {
  return encodeFrame('changes', sequence, Buffer.from(JSON.stringify(changes)));
}

/**
 * Makes a file that begins with `image`: written and synced under another name, renamed into place, the folder synced.
 * The caller learns by `committed` that a failure came after the point of no return (the rename).
 */
export async function createMetadataFile(
  disk: Disk,
  folder: string,
  image: MetadataImage,
  committed?: () => void,
): Promise<{ file: DiskFile; end: number }> {
  const path = `${folder}/${metadataFileName(image.version)}`;
  const aside = `${path}${ASIDE_SUFFIX}`;
  await disk.remove(aside);
  const buffers = [
    encodeFileHeader(image.version),
    encodeFrame('snapshot', image.version, encodeSnapshot(image)),
  ];
  const made = await disk.open(aside, { mode: 'create' });
  try {
    await made.writeDurably(buffers, 0);
    await made.close();
  } catch (error) {
    await made.close().catch(() => undefined);
    await disk.remove(aside).catch(() => undefined);
    throw error;
  }
  committed?.();
  await disk.rename(aside, path);
  await disk.syncDirectory(folder);
  const file = await disk.open(path, { mode: 'write' });
  return { file, end: buffers.reduce((sum, buffer) => sum + buffer.length, 0) };
}

function applyFrame(draft: ImageDraft, payload: Uint8Array): void {
  const changes = JSON.parse(Buffer.from(payload).toString('utf8')) as unknown;
  if (!Array.isArray(changes)) {
    throw new TypeError('the payload is not a list of changes');
  }
  for (const change of changes as MetadataChange[]) {
    draft.apply(change);
  }
}

function attempt<Result>(action: () => Result, failure: (error: Error) => MetadataError): Result {
  try {
    return action();
  } catch (error) {
    throw failure(error instanceof Error ? error : new Error(String(error)));
  }
}

async function readAll(file: DiskFile): Promise<Buffer> {
  const bytes = Buffer.alloc(await file.size());
  let filled = 0;
  while (filled < bytes.length) {
    const count = await file.read(bytes.subarray(filled), filled);
    if (count === 0) {
      break;
    }
    filled += count;
  }
  return bytes.subarray(0, filled);
}
