// Where Apache Kafka is: the script that starts a broker, and its jars, which hold the load generators too.
//
// The script is not part of this repository; it lies in a folder `shared/services` beside it (MOLDAU_SHARED names
// another `shared`). The jars come with the script's first start (KAFKA_DIST names their folder).
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';

const VERSION = '4.3.1';
/** The first start downloads some 120 jars with Maven. */
const INSTALL_TIMEOUT_MS = 600_000;

export interface KafkaHome {
  readonly services: string;
  /** Holds lib/*.jar. */
  readonly dist: string;
}

/** Something the bench needs is not on this machine. The message says what and where it was looked for. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
  readonly code = 'NOT_FOUND';
}

/** Finds Kafka, and lets the script fetch its jars when it has not yet. */
export async function findKafka(root: string, scratch: string): Promise<KafkaHome> {
  const shared = resolve(root, process.env['MOLDAU_SHARED'] ?? join('..', 'shared'));
  const services = join(shared, 'services');
  const script = join(services, 'kafka-foreground');
  if (!existsSync(script)) {
    throw new NotFound(
      `no script that starts Apache Kafka: looked for ${script}. The bench compares with a real Kafka and takes its ` +
        `load generators from it. Put the shared folder beside the repository, or name it in MOLDAU_SHARED.`,
    );
  }
  const dist = process.env['KAFKA_DIST'] ?? join(tmpdir(), `kafka-dist-${VERSION}`);
  if (!existsSync(join(dist, 'ok'))) await install(script, dist, scratch);
  return { services, dist };
}

/** The script fetches the jars before it starts a broker: start one, and stop it once it is ready. */
async function install(script: string, dist: string, scratch: string): Promise<void> {
  process.stderr.write(`bench: fetching Kafka ${VERSION}'s jars, once ...\n`);
  const port = await freePort();
  await new Promise<void>((ready, failed) => {
    const child = startChild([script, '--port', String(port), '--dir', scratch], {
      env: { ...process.env, KAFKA_DIST: dist },
      onStdout(text) {
        if (text.includes('READY')) child.stop().then(ready, failed);
      },
    });
    const late = setTimeout(() => void child.stop(0), INSTALL_TIMEOUT_MS);
    child.exited.then(() => {
      clearTimeout(late);
      if (!existsSync(join(dist, 'ok')))
        failed(new NotFound(`Kafka's jars were not fetched:\n${child.tail()}`));
    }, failed);
  });
}
