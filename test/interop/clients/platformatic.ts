// @platformatic/kafka, the newer JavaScript client, with codecs and protocol code of its own.
import { join } from 'node:path';
import { startAgentClient } from '../agent/agent-client.ts';
import { FEATURES, type ClientSource } from '../client.ts';
import { clientsNode, installClientsNode } from '../clients-node/folder.ts';

export const platformatic: ClientSource = {
  name: 'platformatic',
  async prepare(bootstrap) {
    await installClientsNode();
    return startAgentClient({
      name: 'platformatic',
      command: [process.execPath, join(clientsNode, 'platformatic-agent.ts'), bootstrap],
      codecs: { none: true, gzip: true, snappy: true, lz4: true, zstd: true },
      notOffered: {
        [FEATURES.findsPartitions]: 'its classic groups never look for new partitions',
      },
    });
  },
};
