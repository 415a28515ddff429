// Topics that are deleted while transactions with records in them end: the transactions end all the same, and whoever writes there is answered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { produceRequest, produceResponse } from '@moldau/protocol/generated/produce.ts';
import { batchOf } from '../testing/batches.ts';
import { createTopic, deleteTopic, fetch, produce, PRODUCE_BY_NAME, produceTo } from '../testing/calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';
import {
  consumed,
  endTransaction,
  initialized,
  transactional,
  transactionCoordinator,
  transactionState,
  type TestProducer,
} from '../testing/transaction-calls.ts';

const READ_COMMITTED = 1;
const ROUNDS = 12;
const PATIENCE_MS = 5_000;

async function write(client: SimulatedClient, topic: string, producer: TestProducer, value: string) {
  const { transactionalId } = producer;
  const message = { ...produceTo(topic, 0, transactional([value], producer)), transactionalId };
  const answer = await client.request(produceRequest, produceResponse, message, PRODUCE_BY_NAME);
  assert.equal(answer.responses[0]!.partitionResponses[0]!.errorCode, ErrorCode.NONE);
}

for (const seed of [1, 2, 3, 4]) {
  test(`a topic is deleted at any moment of the end of a transaction, seed ${seed}`, () =>
    simulate({ seed, settings: ['transaction.state.log.num.partitions=1'] }, async (cluster) => {
      const random = cluster.random.fork();
      const client = await cluster.connect();
      const other = await cluster.connect();
      await createTopic(client, 'kept');
      await createTopic(client, 'deleted');
      const coordinator = await transactionCoordinator(cluster, client, 'x');
      let producer = await initialized(cluster, coordinator, 'x');
      const values: string[] = [];
      // A group of batches is always under way, and for longer: what is appended waits behind it.
      await createTopic(client, 'busy');
      cluster.disk.faults.slowDown(20);
      const rounds = { over: false };
      const busy = [1, 2, 3].map(async (each) => {
        const connection = await cluster.connect();
        while (!rounds.over) {
          await produce(connection, 'busy', batchOf([`${each}`]));
          await produce(connection, 'deleted', batchOf([`${each}`]));
        }
      });
      for (let round = 0; round < ROUNDS; round++) {
        values.push(`round ${round}`);
        await write(client, 'deleted', producer, 'gone');
        await write(client, 'kept', producer, `round ${round}`);
        const deleted = cluster.sleep(random.integer(30)).then(() => deleteTopic(other, 'deleted'));
        await cluster.sleep(random.integer(30));
        const ended = await endTransaction(coordinator, producer, true);
        assert.equal(ended.error, 'NONE');
        assert.equal(await deleted, ErrorCode.NONE);
        const endMs = cluster.scheduler.clock.monotonic() + PATIENCE_MS;
        while ((await transactionState(coordinator, 'x')) !== 'CompleteCommit') {
          assert(cluster.scheduler.clock.monotonic() < endMs, `round ${round}: the transaction does not end`);
          await cluster.sleep(10);
        }
        await createTopic(client, 'deleted');
        producer = ended.producer;
      }
      rounds.over = true;
      await Promise.all(busy);
      assert.deepEqual(consumed(await fetch(client, 'kept', 0, { isolationLevel: READ_COMMITTED })), values);
    }));
}
