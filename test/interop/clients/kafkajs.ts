// kafkajs, the most used JavaScript client.
import { join } from 'node:path';
import { startAgentClient } from '../agent/agent-client.ts';
import type { ClientSource } from '../client.ts';
import { clientsNode, installClientsNode } from '../clients-node/folder.ts';

export const kafkajs: ClientSource = {
  name: 'kafkajs',
  async prepare(bootstrap) {
    await installClientsNode();
    return startAgentClient({
      name: 'kafkajs',
      command: [process.execPath, join(clientsNode, 'kafkajs-agent.ts'), bootstrap],
      codecs: { none: true, gzip: true, snappy: true, lz4: true, zstd: true },
    });
  },
};
