// A real Kafka of this suite's own: one node that is broker and controller, on free ports, over a folder that stays when it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Changing, until } from '../deadline.ts';
import { freePort } from '../moldau-process.ts';
import { runCommand } from '../run-command.ts';

const CLUSTER_ID = 'adoptadoptadoptadoptag';
const SERVER = 'kafka.server.KafkaRaftServer';
const LOGGING = 'org.slf4j.simpleLogger';

export interface KafkaInstallation {
  readonly java: string;
  readonly classPath: string;
}

export class KafkaProcess {
  readonly bootstrap: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(bootstrap: string, child: ChildProcess, ended: Promise<void>) {
    this.bootstrap = bootstrap;
    this.#child = child;
    this.#ended = ended;
  }

  /** The log directory of a node that was started with `folder`. */
  static logDir(folder: string): string {
    return join(folder, 'data');
  }

  /** Starts the node, formatting its folder first when it is new; resolves when it says that it has started. */
  static async start(kafka: KafkaInstallation, folder: string): Promise<KafkaProcess> {
    const bootstrap = `127.0.0.1:${await freePort()}`;
    const properties = join(folder, 'server.properties');
    mkdirSync(folder, { recursive: true });
    writeFileSync(properties, settings(bootstrap, await freePort(), KafkaProcess.logDir(folder)));
    const jvm = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx384m', '-cp', kafka.classPath];
    const quiet = [`-D${LOGGING}.defaultLogLevel=error`, `-D${LOGGING}.log.${SERVER}=info`];
    if (!existsSync(join(KafkaProcess.logDir(folder), 'meta.properties'))) {
      const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', properties];
      await runCommand(kafka.java, [...quiet, ...jvm, ...format]);
    }
    const child = spawn(kafka.java, [...quiet, ...jvm, 'kafka.Kafka', properties], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const changing = new Changing();
    let started = false;
    let log = '';
    createInterface({ input: child.stderr }).on('line', (line) => {
      log = `${log}\n${line}`.slice(-2000);
      started ||= line.includes('Kafka Server started');
      changing.changed();
    });
    const ended = new Promise<void>((resolve) => {
      child.on('close', () => {
        changing.fail(new Error(`Kafka ended: ${log}`));
        resolve();
      });
    });
    try {
      await until(
        [changing],
        'Kafka to start',
        () => started,
        () => log,
      );
    } catch (error) {
      child.kill('SIGKILL');
      await ended;
      throw error;
    }
    return new KafkaProcess(bootstrap, child, ended);
  }

  /** `SIGTERM`: an orderly stop. `SIGKILL`: none. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}

function settings(bootstrap: string, controllerPort: number, logDir: string): string {
  return `process.roles=broker,controller
node.id=0
listeners=PLAINTEXT://${bootstrap},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://${bootstrap}
controller.listener.names=CONTROLLER
controller.quorum.voters=0@127.0.0.1:${controllerPort}
log.dirs=${logDir}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=5
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.backoff.ms=200
log.flush.start.offset.checkpoint.interval.ms=100
`;
}
