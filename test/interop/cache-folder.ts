// Where the suite keeps what it installs: <root>/.cache/interop, ignored by git, safe to delete at any time.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here: string = dirname(fileURLToPath(import.meta.url));
export const root: string = dirname(dirname(here));
export const cacheFolder: string = join(root, '.cache', 'interop');

/**
 * Runs `install`, which fills `folder`, unless that has been done for exactly these inputs before (a pom, a lock file,
 * sources): a stamp in the cache folder, by `name`, keeps their hash. An install that fails leaves no stamp, so that the
 * next run tries again.
 */
export async function installOnce(
  name: string,
  folder: string,
  inputs: readonly string[],
  install: () => Promise<unknown>,
): Promise<void> {
  const hash = createHash('sha256');
  for (const path of inputs) hash.update(readFileSync(path));
  const stamp = join(cacheFolder, `${name}.installed`);
  const wanted = hash.digest('hex');
  if (existsSync(folder) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  mkdirSync(cacheFolder, { recursive: true });
  await install();
  writeFileSync(stamp, wanted);
}
