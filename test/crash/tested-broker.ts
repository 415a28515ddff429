// The broker that a whole suite works against: a Moldau of its own, one that a command line starts, or one that runs already (which
// cannot be killed).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerProcess } from './broker-process.ts';
import { freePorts } from './free-ports.ts';

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
