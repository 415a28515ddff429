// The folder of the JavaScript clients and the data set: a package of its own, so that the project itself never depends on them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { here, installOnce } from '../cache-folder.ts';
import { needCommand } from '../missing-tool.ts';
import { runCommand } from '../run-command.ts';

export const clientsNode: string = join(here, 'clients-node');

/** Installs what the lock file names; a no-op when that has been done. */
export async function installClientsNode(): Promise<void> {
  const modules = join(clientsNode, 'node_modules');
  const npm = needCommand(['npm'], 'install the JavaScript clients');
  await installOnce('clients-node', modules, [join(clientsNode, 'package-lock.json')], async () => {
    await runCommand(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: clientsNode,
      deadlineMs: 300_000,
    });
    if (!existsSync(modules)) throw new Error(`npm ci left no ${modules}`);
  });
}
