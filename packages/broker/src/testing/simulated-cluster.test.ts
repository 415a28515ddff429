import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { batchOf } from './batches.ts';
import { createTopic, produce, readAll } from './calls.ts';
import { Disconnected } from './simulated-client.ts';
import { simulate, SimulatedCluster } from './simulated-cluster.ts';

test('what was acknowledged is there after a power cut, a crash of the process and an orderly stop', () =>
  simulate({ seed: 3 }, async (cluster) => {
    let client = await cluster.connect();
    assert.equal((await createTopic(client, 'topic')).errorCode, ErrorCode.NONE);
    const written: string[] = [];
    for (const end of ['powerCut', 'processCrash', 'stop'] as const) {
      written.push(end);
      assert.equal((await produce(client, 'topic', batchOf([end]))).errorCode, ErrorCode.NONE);
      await cluster[end]();
      await client.ended;
      await cluster.start();
      client = await cluster.connect();
      assert.deepEqual(
        (await readAll(client, 'topic')).map(({ value }) => value),
        written,
      );
    }
  }));

test('a request under way when the process dies is never answered', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    const answer = produce(client, 'topic', batchOf(['lost']));
    cluster.powerCut();
    await assert.rejects(answer, Disconnected);
    await assert.rejects(cluster.connect(), Disconnected);
  }));

test('the data folder has one owner', () =>
  simulate({}, async (cluster) => {
    assert.match((await cluster.startSecond()).message, /belongs to another process/);
    const client = await cluster.connect();
    assert.equal((await createTopic(client, 'still-served')).errorCode, ErrorCode.NONE);
  }));

test('the same seed gives the same run', async () => {
  const run = async (seed: number): Promise<string> => {
    const cluster = new SimulatedCluster({ seed });
    return cluster.scheduler.run(
      (async () => {
        await cluster.start();
        const client = await cluster.connect();
        const topic = await createTopic(client, 'topic');
        for (let i = 0; i < 5; i++) await produce(client, 'topic', batchOf([`${i}`]));
        await cluster.stop();
        return `${Buffer.from(topic.topicId).toString('hex')} ${cluster.scheduler.clock.monotonic()} ${cluster.disk.operations}`;
      })(),
    );
  };
  assert.equal(await run(7), await run(7));
  assert.notEqual(await run(7), await run(8));
});
