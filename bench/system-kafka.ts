// Apache Kafka as a system under test, started by the script that starts it for every other purpose too.
//
// Two of them: as shipped, where an acknowledged record is in the page cache and a power cut may take it, and with
// `log.flush.interval.messages=1`, which gives the guarantee that Moldau gives by default.
import { join } from 'node:path';
import { startServer, type System, type SystemName } from './system.ts';
import type { KafkaHome } from './kafka-home.ts';

const START_TIMEOUT_MS = 60_000;

function system(home: KafkaHome, name: SystemName, title: string, settings: readonly string[]): System {
  const script = join(home.services, 'kafka-foreground');
  return {
    name,
    title,
    start: (dir) =>
      startServer(title, {
        command: (port) => [
          script,
          '--port',
          String(port),
          '--dir',
          dir,
          ...settings.flatMap((setting) => ['--set', setting]),
        ],
        env: { ...process.env, KAFKA_DIST: home.dist },
        timeoutMs: START_TIMEOUT_MS,
        // The shell that waits for the JVM is the script's, not Kafka's.
        process: (processName) => processName === 'java',
      }),
  };
}

export function kafka(home: KafkaHome): System {
  return system(home, 'kafka', 'Kafka as shipped (no fsync)', []);
}

export function kafkaFsync(home: KafkaHome): System {
  return system(home, 'kafka-fsync', 'Kafka with log.flush.interval.messages=1', [
    'log.flush.interval.messages=1',
  ]);
}
