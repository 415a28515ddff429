// The real process under load, killed without warning at random moments, over and over: every acknowledged record must be there once, in order, and
// committed offsets must never go back.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import {
  createTopicsRequest,
  createTopicsResponse,
  newCreatableTopic,
  newCreateTopicsRequest,
} from '@moldau/protocol/generated/create-topics.ts';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { BrokerProcess } from './broker-process.ts';
import { newCrashRun, type CrashRun } from './crash-run.ts';
import { IdempotentWriter } from './idempotent-writer.ts';
import { checkCommitted, commitOnce } from './offset-committer.ts';
import { readBack } from './read-back.ts';
import { WireClient } from './wire-client.ts';

const PARTITIONS = 4;
const MIN_LIFE_MS = 150;
const MAX_LIFE_MS = 1200;
const COMMIT_EVERY_MS = 5;

export interface KillResult {
  readonly kills: number;
  readonly acknowledged: number;
  readonly read: number;
  readonly restartMs: readonly number[];
  readonly violations: readonly string[];
}

/** Kills the broker `kills` times; `seed` decides sizes and moments (the machine decides the rest). */
export async function runKillRounds(
  kills: number,
  seed: number,
  say: (line: string) => void,
): Promise<KillResult> {
  const data = await mkdtemp(join(tmpdir(), 'moldau-crash-'));
  const broker = new BrokerProcess(data);
  const random = new SeededRandom(seed);
  const run = newCrashRun('crash', PARTITIONS);
  const writers = run.acknowledged.map(
    (_, partition) => new IdempotentWriter(run, partition, () => 1 + random.integer(40)),
  );
  const restartMs: number[] = [];
  try {
    for (let round = 0; round <= kills; round++) {
      const begun = performance.now();
      await broker.start();
      restartMs.push(performance.now() - begun);
      if (round === 0) await createTopic(broker.port, run);
      const last = round === kills;
      await liveUntilKilled(
        broker,
        run,
        writers,
        last ? MAX_LIFE_MS : MIN_LIFE_MS + random.integer(MAX_LIFE_MS - MIN_LIFE_MS),
        last,
      );
      say(`round ${round}: ${count(run)} acknowledged${last ? '' : ', killed'}`);
    }
    const client = await WireClient.open(broker.port);
    await checkCommitted(client, run);
    const read = await readBack(client, run);
    client.close();
    return { kills, acknowledged: count(run), read, restartMs, violations: run.violations };
  } finally {
    await broker.kill();
    await rm(data, { recursive: true, force: true });
  }
}

function count(run: CrashRun): number {
  return run.acknowledged.reduce((sum, offsets) => sum + offsets.length, 0);
}

async function createTopic(port: number, run: CrashRun): Promise<void> {
  const client = await WireClient.open(port);
  const topics = [
    newCreatableTopic({ name: run.topic, numPartitions: run.partitions, replicationFactor: 1 }),
  ];
  const answer = await client.request(
    createTopicsRequest,
    createTopicsResponse,
    newCreateTopicsRequest({ topics }),
  );
  client.close();
  const error = answer.topics[0]?.errorCode;
  if (error !== ErrorCode.NONE) throw new Error(`the topic was not created: ${errorName(error ?? -1)}`);
}

/** Load for `lifeMs`; then the process is killed under it or, in the last round, the load is brought to its end. */
async function liveUntilKilled(
  broker: BrokerProcess,
  run: CrashRun,
  writers: readonly IdempotentWriter[],
  lifeMs: number,
  last: boolean,
): Promise<void> {
  let more = true;
  const goesOn = (): boolean => more;
  const load = [
    ...writers.map((writer) => overConnection(broker.port, (client) => writer.write(client, goesOn), last)),
    overConnection(
      broker.port,
      async (client) => {
        await checkCommitted(client, run);
        for (; goesOn(); await delay(COMMIT_EVERY_MS)) await commitOnce(client, run);
      },
      last,
    ),
  ];
  await delay(lifeMs);
  more = !last;
  if (!last) await broker.kill();
  more = false;
  await Promise.all(load);
}

/** Runs `work` over a connection of its own; a break is expected unless `mustSucceed`. */
async function overConnection(
  port: number,
  work: (client: WireClient) => Promise<void>,
  mustSucceed: boolean,
): Promise<void> {
  let client: WireClient | undefined;
  try {
    client = await WireClient.open(port);
    await work(client);
  } catch (error) {
    if (mustSucceed) throw error;
  } finally {
    client?.close();
  }
}
