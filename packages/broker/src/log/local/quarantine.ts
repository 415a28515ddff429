// Copies a damaged file aside before anyone tries to repair it: `quarantine/<folder>-<name>` in the store's folder. A copy that is there already stays as it is.
import type { Disk } from '@moldau/runtime';

const COPY_BYTES = 1024 * 1024;

/** Returns the path of the copy, or of the original with a note when it could not be copied: the report matters more. */
export async function quarantine(disk: Disk, storeFolder: string, path: string): Promise<string> {
  const folder = `${storeFolder}/quarantine`;
  const target = `${folder}/${path.split('/').slice(-2).join('-')}`;
  try {
    if (await disk.exists(target)) {
      return target;
    }
    await disk.makeDirectory(folder);
    const from = await disk.open(path, { mode: 'read' });
    const to = await disk.open(target, { mode: 'create' });
    const block = new Uint8Array(COPY_BYTES);
    for (let position = 0; ;) {
      const got = await from.read(block, position);
      if (got === 0) break;
      await to.write([block.subarray(0, got)], position);
      position += got;
    }
    await to.sync();
    await to.close();
    await from.close();
    await disk.syncDirectory(folder);
    return target;
  } catch (error) {
    return `${path} itself (copying it failed: ${(error as Error).message})`;
  }
}
