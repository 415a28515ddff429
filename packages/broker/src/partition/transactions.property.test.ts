// Any interleaving of producers, commits, aborts, failed commits, deletions and restarts, against the model that reads the whole log the slow way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { batchBaseOffset, batchNextOffset, batchSizeInBytes } from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import fc from 'fast-check';
import { FOLDER, KB, LogWorld, TEST_CONFIG, TOPIC_ID } from '../log/local/log-fixture.ts';
import type { LocalPartitionLog } from '../log/local/local-partition-log.ts';
import { topicConfigFrom, type TopicConfig } from '../settings/topic-config.ts';
import { batchOf } from '../testing/batches.ts';
import { Partition } from './partition.ts';
import { readCommitted, understand } from './transaction-model.ts';

const PRODUCERS = 4;
const RUNS = 60;

interface Producer {
  readonly id: number;
  readonly version: 1 | 2;
  epoch: number;
  sequence: number;
  coordinatorEpoch: number;
}

type Step =
  | {
      readonly kind: 'write';
      readonly producer: number;
      readonly records: number;
      readonly transactional: boolean;
    }
  | { readonly kind: 'end'; readonly producer: number; readonly committed: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fail' }
  | { readonly kind: 'delete'; readonly share: number }
  | { readonly kind: 'settle' | 'checkpoint' }
  | {
      readonly kind: 'restart';
      readonly how: 'reopen' | 'kill' | 'powerCut';
      readonly lose: 'nothing' | 'snapshots' | 'newest-snapshot' | 'index' | 'part-of-index';
      /** For a kill or a power cut: so many calls of the disk into a checkpoint; undefined: none is under way. */
      readonly into: number | undefined;
    };

const producer = fc.nat(PRODUCERS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      producer,
      records: fc.integer({ min: 1, max: 4 }),
      transactional: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('end' as const), producer, committed: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'fail' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'checkpoint' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      how: fc.constantFrom('reopen' as const, 'kill' as const, 'powerCut' as const),
      lose: fc.constantFrom(
        'nothing' as const,
        'nothing' as const,
        'snapshots' as const,
        'newest-snapshot' as const,
        'index' as const,
        'part-of-index' as const,
      ),
      into: fc.option(fc.nat(40), { nil: undefined }),
    }),
  },
);

function testConfig(): TopicConfig {
  const config = topicConfigFrom(undefined, []);
  return { ...config, log: { ...TEST_CONFIG, segmentBytes: KB, fileDeleteDelayMs: 1 } };
}

class TransactionWorld {
  readonly log: LogWorld;
  readonly producers: Producer[] = [];
  /** Values of records by offset that were acknowledged. */
  readonly acknowledged = new Map<number, string>();
  /** Every durable batch there ever was, by offset. */
  readonly history = new Map<number, Uint8Array>();
  /** There may be no snapshot of what was deleted: it is not known any more. */
  forgetful = false;
  /** Files are ahead of what the checkpoint says of them. */
  uncovered = false;
  partition!: Partition;
  #value = 0;

  constructor(log: LogWorld) {
    this.log = log;
    for (let id = 0; id < PRODUCERS; id++)
      this.producers.push({ id, version: id % 2 === 0 ? 2 : 1, epoch: 0, sequence: 0, coordinatorEpoch: 0 });
  }

  get #local(): LocalPartitionLog {
    return this.partition.log as LocalPartitionLog;
  }

  async open(): Promise<void> {
    const id = { topic: 'topic', topicId: TOPIC_ID, partition: 0 };
    const config = testConfig();
    this.partition = new Partition(id, config, this.log.scheduler.clock);
    this.partition.attach(await this.log.run(this.log.store.open(id, config.log, this.partition)));
    for (const each of this.producers) this.#takeStateOf(each);
  }

  /** A producer goes on as its coordinator would have it: with what the partition has, or a new epoch. */
  #takeStateOf(producer: Producer): void {
    const entry = this.partition.producers.get(producer.id);
    producer.epoch = Math.max(producer.epoch, entry?.epoch ?? 0);
    const last = entry?.epoch === producer.epoch ? entry.batches.at(-1) : undefined;
    producer.sequence = last === undefined ? 0 : last.lastSequence + 1;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'write':
        return this.write(this.producers[step.producer]!, step.records, step.transactional);
      case 'end':
        return this.end(this.producers[step.producer]!, step.committed);
      case 'wait':
        return this.log.settle(step.ms);
      case 'fail':
        return this.fail();
      case 'delete':
        await this.log.settle(20);
        await this.check();
        return this.log.run(
          this.partition.log.deleteBefore(Math.floor(this.partition.highWatermark * step.share)),
        );
      case 'settle':
        this.uncovered = true;
        return this.log.run(this.#local.settle(true));
      case 'checkpoint':
        this.uncovered = false;
        return this.log.run(this.#local.context.checkpointed(this.#local));
      case 'restart':
        return this.restart(step);
    }
  }

  write(producer: Producer, records: number, wanted: boolean): void {
    const open = (this.partition.producers.get(producer.id)?.transactionFirstOffset ?? -1) >= 0;
    const values = Array.from({ length: records }, () => `v${this.#value++}`);
    const transactional = wanted || open;
    const { id: producerId, epoch: producerEpoch, sequence: baseSequence } = producer;
    const batch = batchOf(values, { producerId, producerEpoch, baseSequence, transactional });
    producer.sequence += records;
    this.partition.append(batch, undefined, 0, ({ error, baseOffset }) => {
      if (error === ErrorCode.NONE)
        for (const [i, value] of values.entries()) this.acknowledged.set(baseOffset + i, value);
      else assert.equal(error, ErrorCode.KAFKA_STORAGE_ERROR);
    });
  }

  end(producer: Producer, committed: boolean): void {
    if (producer.version === 2) {
      producer.epoch += 1;
      producer.sequence = 0;
    }
    const marker = {
      producerId: producer.id,
      producerEpoch: producer.epoch,
      coordinatorEpoch: producer.coordinatorEpoch,
      committed,
      transactionVersion: producer.version,
    };
    this.partition.appendMarker(marker, 0, ({ error }) => {
      assert(error === ErrorCode.NONE || error === ErrorCode.KAFKA_STORAGE_ERROR, `error ${error}`);
    });
  }

  /** The next group commit finds no space: all of it is discarded. */
  async fail(): Promise<void> {
    await this.log.settle(20);
    this.log.disk.faults.fail({ operation: 'write', path: '/wal/', code: 'NO_SPACE', times: Infinity });
    this.write(this.producers[0]!, 2, true);
    this.end(this.producers[1]!, false);
    this.write(this.producers[2]!, 1, true);
    this.end(this.producers[0]!, false);
    await this.log.settle(30);
    this.log.disk.faults.clear();
    await this.log.settle(200);
    for (const each of this.producers) this.#takeStateOf(each);
  }

  async restart({ how, lose, into }: Step & { kind: 'restart' }): Promise<void> {
    if (how === 'reopen') await this.log.run(this.log.store.close());
    else if (into !== undefined) await this.beginCheckpoint(into);
    if (how === 'powerCut') this.log.disk.powerCut();
    else this.log.disk.processCrash();
    this.log.disk = this.log.disk.restart();
    this.forgetful ||= how !== 'reopen' && this.partition.logStartOffset > 0;
    if (!this.uncovered || how === 'reopen' || !lose.endsWith('index')) await this.lose(lose);
    this.uncovered = false;
    await this.log.openStore();
    await this.open();
  }

  /** Begins a checkpoint, which gets as far as `calls` calls of the disk. */
  async beginCheckpoint(calls: number): Promise<void> {
    this.uncovered = true;
    void this.#local.context.checkpointed(this.#local).catch(() => {});
    const before = this.log.calls.length;
    for (let i = 0; i < 100 && this.log.calls.length - before < calls; i++) await this.log.settle(0.05);
  }

  /** Snapshots and indexes are derived: the log is enough. */
  async lose(what: (Step & { kind: 'restart' })['lose']): Promise<void> {
    const { disk } = this.log;
    const names = await this.log.names('topic-0');
    const snapshots = names.filter((name) => name.endsWith('.snapshot'));
    const indexes = names.filter((name) => name.endsWith('.txnindex'));
    const active = names
      .filter((name) => name.endsWith('.log'))
      .at(-1)
      ?.replace('.log', '.txnindex');
    if (what === 'snapshots')
      for (const name of snapshots) await this.log.run(disk.remove(`${FOLDER}/topic-0/${name}`));
    if (what === 'newest-snapshot' && snapshots.length > 0)
      await this.log.run(disk.remove(`${FOLDER}/topic-0/${snapshots.at(-1)}`));
    if (what === 'index' && active !== undefined && indexes.includes(active))
      await this.log.run(disk.remove(`${FOLDER}/topic-0/${active}`));
    if (what === 'part-of-index' && indexes.length > 0) {
      const name = indexes.at(-1)!;
      const size = (await this.log.content(`topic-0/${name}`)).length;
      if (size > 0) await this.log.overwrite(`topic-0/${name}`, size - 20, new Uint8Array(9).fill(0xff));
    }
  }

  async check(): Promise<void> {
    const { partition } = this;
    const { logStartOffset: start, highWatermark: end, lastStableOffset: stable } = partition;
    const whole = await this.read(start, end);
    for (const at of batchPositions(whole))
      this.history.set(batchBaseOffset(whole, at), whole.subarray(at, at + batchSizeInBytes(whole, at)));
    const batches = [...this.history].sort(([a], [b]) => a - b).map(([, batch]) => batch);
    const expected = understand(Buffer.concat(batches), start, end);
    // Of a transaction whose batches were all deleted only a snapshot tells.
    const known = this.forgetful ? understand(whole, start, end) : expected;
    assert(
      stable >= expected.lastStableOffset && stable <= known.lastStableOffset,
      `the last stable offset ${stable} is from ${expected.lastStableOffset} to ${known.lastStableOffset}`,
    );
    for (const from of new Set([start, Math.floor((start + end) / 2), Math.max(start, end - 3)])) {
      const bytes = await this.read(from, stable);
      const seen = new Map<number, string>();
      const upTo = bytes.length === 0 ? from : endOf(bytes);
      const aborted = await this.log.run(Promise.resolve(partition.log.abortedTransactions(from, upTo)));
      for (const [offset, value] of readCommitted(bytes, from, aborted)) seen.set(offset, value);
      const wanted = new Map([...expected.committed].filter(([offset]) => offset >= from && offset < stable));
      assert.deepEqual(seen, wanted, `what a read_committed consumer sees from ${from} on`);
    }
    for (const [offset, value] of this.acknowledged) {
      if (offset >= start && offset < stable && !isAborted(offset, expected.aborted))
        assert.equal(expected.committed.get(offset), value, `the record acknowledged at ${offset}`);
    }
  }

  async read(from: number, upToOffset: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let offset = from; offset < upToOffset;) {
      const limits = { maxBytes: 2 * KB, atLeastOneBatch: true, upToOffset };
      const slice = await this.log.run(Promise.resolve(this.partition.read(offset, limits)));
      if (slice.byteLength === 0) break;
      for (const buffer of slice.buffers) pieces.push(Uint8Array.from(buffer));
      offset = endOf(pieces.at(-1)!);
    }
    return Buffer.concat(pieces);
  }
}

function isAborted(
  offset: number,
  aborted: readonly { readonly firstOffset: number; readonly lastOffset: number }[],
): boolean {
  return aborted.some(({ firstOffset, lastOffset }) => offset >= firstOffset && offset <= lastOffset);
}

function endOf(bytes: Uint8Array): number {
  let end = 0;
  for (let at = 0; at < bytes.length; at += batchSizeInBytes(bytes, at)) end = batchNextOffset(bytes, at);
  return end;
}

test('what read_committed sees is what the whole log means, through failed commits, deletions and restarts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(1000), async (steps, seed) => {
      const world = new TransactionWorld(
        await LogWorld.start({ walFileBytes: 16 * KB, diskFullProbeMs: 50, diskFullReserveBytes: 1 }, seed),
      );
      await world.open();
      for (const each of steps) {
        await world.take(each);
        await world.check();
      }
      await world.log.settle(50);
      await world.check();
    }),
    { numRuns: RUNS },
  );
});

/** Calls of the disk in the checkpoint of the test below, and some more. */
const CHECKPOINT_CALLS = 45;

for (const how of ['kill', 'powerCut'] as const) {
  test(`a checkpoint that a ${how} cuts short at any call of the disk loses no aborted transaction`, async () => {
    for (let into = 0; into <= CHECKPOINT_CALLS; into++) {
      const world = new TransactionWorld(await LogWorld.start({ walFileBytes: 16 * KB }, into));
      await world.open();
      // The second round writes on in a file that is there.
      for (let round = 0; round < 2; round++) {
        world.write(world.producers[0]!, 2, true);
        world.end(world.producers[0]!, false);
        world.write(world.producers[1]!, 2, true);
        world.end(world.producers[1]!, round === 0);
        await world.log.settle(10);
        await world.restart({ kind: 'restart', how, lose: 'nothing', into });
        await world.check();
        await world.take({ kind: 'checkpoint' });
        await world.check();
      }
    }
  });
}
