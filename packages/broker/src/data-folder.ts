// The data folder as a whole: one owner at a time, and a version, so that no program works on what it does not understand.
//
//   <data>/.lock        held while a broker runs
//   <data>/moldau.json  { "format": 1 }; written when the folder is first used
//   <data>/metadata/    the metadata log
//   <data>/logs/        the partitions and the write-ahead log
//   <data>/adopting/    what an adoption has copied so far (adopt/adopt.ts); of one that did not end it is removed by whoever takes the folder next
//
// Must stay true: nothing below the folder is read or written before the lock is held and the version is known.
import { DiskError, type Disk, type DiskLock } from '@moldau/runtime';
import { makeDurableDirectory, replaceWhole } from '@moldau/runtime/small-files.ts';

/** The version of all that lies in the folder. A change that older programs cannot read raises it. */
export const DATA_FORMAT = 1;

const MAX_VERSION_FILE_BYTES = 4096;

/**
 * - `LOCKED`   another process owns the folder
 * - `FORMAT`   the folder is of a version that this program does not know, or its version file cannot be read
 */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
  readonly code: 'LOCKED' | 'FORMAT';
  constructor(code: 'LOCKED' | 'FORMAT', message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export interface DataFolder {
  readonly metadata: string;
  readonly logs: string;
  /** Gives the folder up. */
  release(): Promise<void>;
}

/**
 * Takes the folder, making it if it is missing.
 * @throws DataFolderError, DiskError
 */
export async function openDataFolder(disk: Disk, folder: string): Promise<DataFolder> {
  // With its name, and those above it: all that is acknowledged later would be gone with them.
  await makeDurableDirectory(disk, folder);
  const lock = await takeLock(disk, folder);
  try {
    await checkVersion(disk, folder);
    await disk.removeTree(`${folder}/adopting`);
    return { metadata: `${folder}/metadata`, logs: `${folder}/logs`, release: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function takeLock(disk: Disk, folder: string): Promise<DiskLock> {
  try {
    return await disk.lock(`${folder}/.lock`);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'LOCKED') throw error;
    throw new DataFolderError(
      'LOCKED',
      `the data folder ${folder} belongs to another process (${error.message}). Stop that one, or give this one a folder of its own with --data.`,
      { cause: error },
    );
  }
}

async function checkVersion(disk: Disk, folder: string): Promise<void> {
  const path = `${folder}/moldau.json`;
  if (!(await disk.exists(path))) {
    if (await disk.exists(`${folder}/meta.properties`)) {
      throw new DataFolderError(
        'FORMAT',
        `the data folder ${folder} holds the data of a Kafka broker (meta.properties), which this program does not work on. Nothing was changed. Stop Kafka and copy its topics into another folder with "moldau adopt --from ${folder} --data <folder>", or use another folder.`,
      );
    }
    await writeVersion(disk, folder, path);
    return;
  }
  const found = await readVersion(disk, path);
  if (found === DATA_FORMAT) return;
  const what =
    found === undefined ? 'cannot be read' : `says format ${found}, this program knows format ${DATA_FORMAT}`;
  throw new DataFolderError(
    'FORMAT',
    `${path} ${what}. Nothing was changed. Use the version of Moldau that wrote the folder, or another folder.`,
  );
}

async function readVersion(disk: Disk, path: string): Promise<number | undefined> {
  const file = await disk.open(path, { mode: 'read' });
  try {
    const bytes = Buffer.alloc(MAX_VERSION_FILE_BYTES);
    const content: unknown = JSON.parse(bytes.toString('utf8', 0, await file.read(bytes, 0)));
    const format = (content as { format?: unknown } | null)?.format;
    return typeof format === 'number' ? format : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

async function writeVersion(disk: Disk, folder: string, path: string): Promise<void> {
  await replaceWhole(disk, path, Buffer.from(`${JSON.stringify({ format: DATA_FORMAT })}\n`));
  await disk.syncDirectory(folder);
}
