// Small files that are read and written whole.
import { DiskError, type Disk } from './disk.ts';

/** The file's content, or undefined when there is none. */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  if (!(await disk.exists(path))) return undefined;
  const file = await disk.open(path, { mode: 'read' });
  try {
    const bytes = new Uint8Array(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/** Puts `content` in the place of the file's content, all of it or nothing, also through a power cut; the caller syncs the folder. */
export async function replaceWhole(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await disk.open(temporary, { mode: 'create' });
  try {
    await file.truncate(0);
    await file.write([content], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
}

/** Writes a small file that nobody relies on: tools and people read it. It is not synced. */
export async function writeHint(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const file = await disk.open(path, { mode: 'create' });
  try {
    await file.truncate(0);
    await file.write([content], 0);
  } finally {
    await file.close();
  }
}

/**
 * Makes the folder and sees that it survives, with every folder above it: an earlier process may have made them and ended before it could do
 * this. Folders above that may not be touched were there before and are left alone.
 */
export async function makeDurableDirectory(disk: Disk, path: string): Promise<void> {
  await disk.makeDirectory(path);
  for (let parent = parentOf(path); ; parent = parentOf(parent)) {
    try {
      await disk.syncDirectory(parent);
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'DENIED') throw error;
    }
    if (parent === '.' || parent === '/') return;
  }
}

function parentOf(path: string): string {
  const slash = path.replace(/\/+$/, '').lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : path.slice(0, slash);
}
