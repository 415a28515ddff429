// franz-go, the Go client: a program of ours around it, built into the cache folder.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startAgentClient } from '../agent/agent-client.ts';
import { cacheFolder, here, installOnce } from '../cache-folder.ts';
import type { ClientSource } from '../client.ts';
import { needCommand } from '../missing-tool.ts';
import { runCommand } from '../run-command.ts';

const sources = join(here, 'franz-go');
const program = join(cacheFolder, 'franz-go');

export const franzGo: ClientSource = {
  name: 'franz-go',
  async prepare(bootstrap) {
    const go = needCommand(['go'], 'build the franz-go agent');
    const inputs = readdirSync(sources)
      .sort()
      .map((name) => join(sources, name));
    await installOnce('franz-go', program, inputs, () => {
      return runCommand(go, ['build', '-o', program, '.'], { cwd: sources, deadlineMs: 300_000 });
    });
    return startAgentClient({
      name: 'franz-go',
      command: [program, bootstrap],
      codecs: { none: true, gzip: true, snappy: true, lz4: true, zstd: true },
    });
  },
};
