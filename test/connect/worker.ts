// A Connect worker: its settings, its process.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JavaPrograms } from '../crash/java-programs.ts';
import { ProgramProcess } from '../crash/program-process.ts';

export interface WorkerOptions {
  readonly programs: JavaPrograms;
  readonly bootstrap: string;
  /** The worker's group, and the beginning of its topics' names. */
  readonly group: string;
  readonly port: number;
  readonly folder: string;
  readonly exactlyOnce: boolean;
  /** Called when the worker ends without having been asked to. */
  readonly onFailure: (error: Error) => void;
}

export function startWorker(options: WorkerOptions): ProgramProcess {
  const file = join(options.folder, 'worker.properties');
  mkdirSync(pluginFolder(options.folder), { recursive: true });
  const text = Object.entries(workerSettings(options)).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, text.join(''));
  return new ProgramProcess({
    name: 'the Connect worker',
    command: options.programs.command('ConnectWorker', [file], 'warn'),
    onFailure: options.onFailure,
    logFile: join(options.folder, 'worker.log'),
  });
}

/** There are none but those of the class path; yet a worker wants a folder for them. */
function pluginFolder(folder: string): string {
  return join(folder, 'plugins');
}

function workerSettings({
  bootstrap,
  group,
  port,
  folder,
  exactlyOnce,
}: WorkerOptions): Record<string, string> {
  return {
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'config.storage.topic': `${group}-configs`,
    'offset.storage.topic': `${group}-offsets`,
    'status.storage.topic': `${group}-status`,
    // As many as the broker makes by default: three, or one.
    'config.storage.replication.factor': '-1',
    'offset.storage.replication.factor': '-1',
    'status.storage.replication.factor': '-1',
    'offset.flush.interval.ms': '1000',
    'exactly.once.source.support': exactlyOnce ? 'enabled' : 'disabled',
    'connector.client.config.override.policy': 'All',
    listeners: `http://127.0.0.1:${port}`,
    // A worker that comes back gets its connectors back at once, not after five minutes.
    'scheduled.rebalance.max.delay.ms': '1000',
    'plugin.discovery': 'service_load',
    'plugin.path': pluginFolder(folder),
  };
}
