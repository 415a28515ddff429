// The broker that a whole suite works against: a Moldau of its own, one that a command line starts, or one that runs already (which
// cannot be killed).
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerProcess } from './broker-process.ts';

/** Below the range from which systems take ports for outgoing connections: nobody may take one while the broker is down. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

export interface BrokerChoice {
  /** A broker that runs already. */
  readonly bootstrap?: string | undefined;
  /** What starts another broker, with `{port}` and `{data}` in it. */
  readonly command?: string | undefined;
  /** How many brokers a Moldau of our own has in its process. */
  readonly brokers: number;
}

export interface TestedBroker {
  readonly bootstrap: string;
  /** Undefined for one that runs already. */
  readonly process: BrokerProcess | undefined;
  /** Ends it, if it is ours, and removes its data. */
  end(): Promise<void>;
}

export async function startTestedBroker(choice: BrokerChoice): Promise<TestedBroker> {
  if (choice.bootstrap !== undefined) {
    return { bootstrap: choice.bootstrap, process: undefined, end: async () => {} };
  }
  const data = await mkdtemp(join(tmpdir(), 'moldau-exactly-once-'));
  const flags = ['--brokers', String(choice.brokers), '--set', 'group.initial.rebalance.delay.ms=0'];
  const broker = new BrokerProcess(data, await freePorts(choice.brokers), flags, choice.command);
  const end = async (): Promise<void> => {
    await broker.kill();
    await rm(data, { recursive: true, force: true });
  };
  try {
    await broker.start();
  } catch (error) {
    await end();
    throw error;
  }
  return { bootstrap: broker.bootstrap, process: broker, end };
}

/** The first of `count` ports in a row that nobody listens on. */
async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const first = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports in a row`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
