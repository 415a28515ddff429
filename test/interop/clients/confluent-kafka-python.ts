// confluent-kafka for Python: the current librdkafka, in a virtual environment of its own.
import { join } from 'node:path';
import { startAgentClient } from '../agent/agent-client.ts';
import { cacheFolder, here, installOnce } from '../cache-folder.ts';
import type { ClientSource } from '../client.ts';
import { MissingTool, needCommand } from '../missing-tool.ts';
import { runCommand } from '../run-command.ts';

const environment = join(cacheFolder, 'python');
const requirements = join(here, 'python', 'requirements.txt');

/** Installs it if need be and gives the Python that has it; throws a MissingTool without Python. */
export async function installConfluentKafka(): Promise<string> {
  const python = needCommand(['python3', 'python'], 'run confluent-kafka');
  const bin = process.platform === 'win32' ? 'Scripts' : 'bin';
  const inside = join(environment, bin, 'python');
  await installOnce('python', environment, [requirements], async () => {
    try {
      await runCommand(python, ['-m', 'venv', '--clear', environment], { deadlineMs: 120_000 });
    } catch (cause) {
      throw new MissingTool(`${python} cannot make a virtual environment (on Debian: python3-venv)`, {
        cause,
      });
    }
    // Only ready-made wheels: building librdkafka is not what is tested.
    const install = ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', '-r', requirements];
    await runCommand(inside, install, { deadlineMs: 300_000 });
  });
  return inside;
}

export const confluentKafkaPython: ClientSource = {
  name: 'confluent-kafka',
  async prepare(bootstrap) {
    const inside = await installConfluentKafka();
    return startAgentClient({
      name: 'confluent-kafka',
      command: [inside, join(here, 'python', 'confluent_agent.py'), bootstrap],
      codecs: { none: true, gzip: true, snappy: true, lz4: true, zstd: true },
    });
  },
};
