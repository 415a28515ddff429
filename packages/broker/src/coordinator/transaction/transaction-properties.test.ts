// Whatever producers ask for, in whatever order, while appends settle or are discarded, markers get through or do not, time passes and the process is
// restarted:
//
//   - a producer that was fenced never succeeds again;
//   - a decision is followed by its own end and nothing else, and its end only once every marker is written;
//   - no marker contradicts the decision, and none is sent before that is durable;
//   - what is answered is durable;
//   - what a restart reads is what there was;
//   - everything is answered, and once partitions take markers again nothing stays decided for ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { newAddPartitionsToTxnRequest } from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import { newDescribeTransactionsRequest } from '@moldau/protocol/generated/describe-transactions.ts';
import { newEndTxnRequest } from '@moldau/protocol/generated/end-txn.ts';
import { newInitProducerIdRequest } from '@moldau/protocol/generated/init-producer-id.ts';
import type { CoordinatorRecord } from '../coordinator-log.ts';
import type { MemoryCoordinatorLog } from '../memory-coordinator-log.ts';
import type { Transaction } from './transaction.ts';
import { readTransactionRecord } from './transaction-records.ts';
import { isComplete, isPrepared } from './transaction-status.ts';
import { TransactionWorld, type WrittenMarker } from './transaction-world.ts';

const IDS = ['x', 'y'];
const SETTINGS = { abortTimedOutIntervalMs: 1_000, idExpirationMs: 200_000, removeExpiredIntervalMs: 50_000 };

type Step =
  | { readonly kind: 'init'; readonly id: number; readonly producer: number; readonly goOn: boolean }
  | {
      readonly kind: 'add';
      readonly producer: number;
      readonly partition: number;
      readonly version: 3 | 5;
    }
  | { readonly kind: 'end'; readonly producer: number; readonly committed: boolean; readonly version: 4 | 5 }
  | { readonly kind: 'settle'; readonly count: number }
  | { readonly kind: 'discard' | 'restart' | 'resign' }
  | { readonly kind: 'markers'; readonly mode: MarkerMode }
  | { readonly kind: 'pass'; readonly ms: number };

type MarkerMode = 'written' | 'refused' | 'unanswered' | 'leaderless';

const producer = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('init' as const),
      id: fc.nat({ max: 1 }),
      producer,
      goOn: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      producer,
      partition: fc.nat({ max: 2 }),
      version: fc.constantFrom(3 as const, 5 as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      producer,
      committed: fc.boolean(),
      version: fc.constantFrom(4 as const, 5 as const),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('discard' as const, 'restart' as const, 'resign' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('markers' as const),
      mode: fc.constantFrom<MarkerMode>('written', 'written', 'refused', 'unanswered', 'leaderless'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(500, 3_000, 70_000, 250_000),
    }),
  },
);

interface Held {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Which InitProducerId, in the order of their answers, it goes back to. */
  readonly generation: number;
}

/** What is checked as it happens. */
class Witness {
  readonly #world: TransactionWorld;
  readonly #held = new Map<number, Held>();
  /** The newest generation that was given out, by transactional id. */
  readonly #generations = new Map<string, number>();
  #nextGeneration = 1;
  /** Partitions by transaction. */
  readonly #written = new Map<string, Set<string>>();
  /** Requests without an answer. */
  pending = 0;
  /** What was seen in an answer and must not be. */
  readonly violations: unknown[] = [];
  mode: MarkerMode = 'written';

  constructor(world: TransactionWorld) {
    this.#world = world;
    world.writeMarker = (marker) => this.#takeMarker(marker);
    world.leaderOf = () => (this.mode === 'leaderless' ? -1 : 1);
    this.watch(world.log);
  }

  /** Looks at every record as it is appended. */
  watch(log: MemoryCoordinatorLog): void {
    const append = log.append.bind(log);
    log.append = (records, ...rest) => {
      for (const record of records) this.#check(log, record);
      return append(records, ...rest);
    };
  }

  #check(log: MemoryCoordinatorLog, record: CoordinatorRecord): void {
    const read = readTransactionRecord(record);
    assert(read.kind === 'transaction');
    const before = newest(log.records, read.transactionalId);
    const after = read.transaction;
    if (before === undefined) return;
    if (isPrepared(before.status)) {
      assert.equal(after?.status, before.status === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort');
      const written = this.#written.get(nameOf(before)) ?? new Set();
      for (const [topic, partitions] of before.partitions)
        for (const partition of partitions)
          assert(written.has(`${topic}-${partition}`), 'an end comes behind every marker');
    } else assert(after === undefined || !isComplete(after.status), 'an end comes behind its decision');
    if (after !== undefined) return;
    assert.notEqual(before.status, 'Ongoing');
    // An id that was forgotten is anybody's.
    this.#generations.delete(read.transactionalId);
  }

  #takeMarker(marker: WrittenMarker): ErrorCode | Promise<ErrorCode> {
    const decided = durableRecords(this.#world.log).findLast(
      ({ status, producerId, producerEpoch }) =>
        isPrepared(status) && producerId === marker.producerId && producerEpoch === marker.producerEpoch,
    );
    this.#must(decided !== undefined, 'a marker follows a durable decision');
    this.#must(
      (decided?.status === 'PrepareCommit') === marker.committed,
      'no marker contradicts the decision',
    );
    if (this.mode === 'refused' || decided === undefined) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    // It may be there though nobody hears of it.
    if (this.mode === 'unanswered') return Promise.reject(new Error('cut off'));
    const key = nameOf(decided);
    this.#written.set(key, (this.#written.get(key) ?? new Set()).add(`${marker.topic}-${marker.partition}`));
    return ErrorCode.NONE;
  }

  #must(condition: boolean, message: string): void {
    if (!condition) this.violations.push(message);
  }

  held(slot: number): Held | undefined {
    return this.#held.get(slot);
  }

  init(slot: number, transactionalId: string, goOn: boolean): void {
    const before = this.#held.get(slot);
    const goesOn = goOn && before?.transactionalId === transactionalId ? before : undefined;
    const request = newInitProducerIdRequest({
      transactionalId,
      transactionTimeoutMs: 60_000,
      producerId: goesOn?.producerId ?? -1,
      producerEpoch: goesOn?.producerEpoch ?? -1,
    });
    this.#expect(
      this.#world.coordinator.initProducerId(request, { apiVersion: 5 }),
      ({ errorCode, producerId, producerEpoch }) => {
        if (errorCode !== ErrorCode.NONE) return;
        assert(
          durableRecords(this.#world.log).some(
            (known) => known.producerId === producerId && known.producerEpoch === producerEpoch,
          ),
          'what is answered is durable',
        );
        // With another producer id the id had been forgotten, and begins anew.
        const generation = goesOn?.producerId === producerId ? goesOn.generation : this.#nextGeneration++;
        const newestGeneration = Math.max(generation, this.#generations.get(transactionalId) ?? 0);
        // It may have been forgotten while the answer was on its way.
        if (newest(this.#world.log.records, transactionalId) !== undefined)
          this.#generations.set(transactionalId, newestGeneration);
        this.#held.set(slot, { transactionalId, producerId, producerEpoch, generation });
      },
      goesOn,
    );
  }

  add(slot: number, partition: number, version: 3 | 5): void {
    const held = this.#held.get(slot);
    if (held === undefined) return;
    const topics = [{ name: 'orders', partitions: [partition] }];
    const { transactionalId, producerId, producerEpoch } = held;
    const request = newAddPartitionsToTxnRequest(
      version === 3
        ? {
            v3AndBelowTransactionalId: transactionalId,
            v3AndBelowProducerId: producerId,
            v3AndBelowProducerEpoch: producerEpoch,
            v3AndBelowTopics: topics,
          }
        : { transactions: [{ transactionalId, producerId, producerEpoch, verifyOnly: false, topics }] },
    );
    this.#expect(
      this.#world.coordinator.addPartitionsToTxn(request, { apiVersion: version }).then((answer) => ({
        errorCode:
          (answer.resultsByTopicV3AndBelow[0] ?? answer.resultsByTransaction[0]?.topicResults[0])
            ?.resultsByPartition[0]?.partitionErrorCode ?? -1,
      })),
      () => {},
      held,
    );
  }

  end(slot: number, committed: boolean, version: 4 | 5): void {
    const held = this.#held.get(slot);
    if (held === undefined) return;
    const { transactionalId, producerId, producerEpoch } = held;
    const request = newEndTxnRequest({ transactionalId, producerId, producerEpoch, committed });
    this.#expect(
      this.#world.coordinator.endTxn(request, { apiVersion: version }),
      (answer) => {
        if (answer.errorCode !== ErrorCode.NONE) return;
        const wanted = committed ? ['PrepareCommit', 'CompleteCommit'] : ['PrepareAbort', 'CompleteAbort'];
        const durable = durableRecords(this.#world.log).filter((t) => t.transactionalId === transactionalId);
        assert(
          durable.some(({ status }) => wanted.includes(status)),
          'what is answered is durable',
        );
        if (version === 5)
          this.#held.set(slot, {
            ...held,
            producerId: answer.producerId,
            producerEpoch: answer.producerEpoch,
          });
      },
      held,
    );
  }

  #expect<Answer extends { readonly errorCode: number }>(
    answer: Promise<Answer>,
    heard: (answer: Answer) => void,
    by: Held | undefined,
  ): void {
    const fenced = by !== undefined && by.generation < (this.#generations.get(by.transactionalId) ?? 0);
    this.pending++;
    answer
      .then((value) => {
        this.pending--;
        assert(!fenced || value.errorCode !== ErrorCode.NONE, 'a producer that was fenced succeeds no more');
        heard(value);
      })
      .catch((error: unknown) => this.violations.push(error));
  }
}

/** No two transactions begin at the same time in these stories. */
const nameOf = ({ producerId, producerEpoch, startMs }: Transaction): string =>
  `${producerId}/${producerEpoch}/${startMs}`;

const durableLog = (log: MemoryCoordinatorLog): readonly CoordinatorRecord[] => log.restarted().records;

function durableRecords(log: MemoryCoordinatorLog): Transaction[] {
  return durableLog(log).flatMap((record) => {
    const read = readTransactionRecord(record);
    return read.kind === 'transaction' && read.transaction !== undefined ? [read.transaction] : [];
  });
}

function newest(records: readonly CoordinatorRecord[], transactionalId: string): Transaction | undefined {
  for (const record of records.toReversed()) {
    const read = readTransactionRecord(record);
    if (read.kind === 'transaction' && read.transactionalId === transactionalId) return read.transaction;
  }
  return undefined;
}

async function describe(world: TransactionWorld): Promise<unknown> {
  const request = newDescribeTransactionsRequest({ transactionalIds: IDS });
  const answers: unknown[] = [];
  void world.coordinator
    .describeTransactions(request)
    .then(({ transactionStates }) => answers.push(transactionStates));
  // What markers bring about is appended meanwhile, and the answer waits for it.
  while (answers.length === 0) await world.durable();
  return answers[0];
}

async function take(world: TransactionWorld, witness: Witness, next: Step): Promise<void> {
  world.clock.advance(1);
  switch (next.kind) {
    case 'init':
      witness.init(next.producer, IDS[next.id]!, next.goOn);
      break;
    case 'add':
      witness.add(next.producer, next.partition, next.version);
      break;
    case 'end':
      witness.end(next.producer, next.committed, next.version);
      break;
    case 'settle':
      world.log.settle(next.count);
      break;
    case 'discard':
      world.log.discard();
      break;
    case 'restart':
      await world.restart();
      witness.watch(world.log);
      break;
    case 'resign':
      world.coordinator.onResigned(0);
      // Whoever leads next finds the log without what was not durable.
      world.log.discard();
      await world.lead();
      break;
    case 'markers':
      witness.mode = next.mode;
      break;
    case 'pass':
      world.clock.advance(next.ms);
  }
  await world.settle();
  assert.deepEqual(witness.violations, []);
}

void test('whatever happens, a decision holds and the fenced stay fenced', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.boolean(),
      fc.boolean(),
      async (steps, oldest, restarted) => {
        const world = await TransactionWorld.start(SETTINGS);
        if (oldest) world.transactionVersion = 1;
        const witness = new Witness(world);
        for (const next of steps) await take(world, witness, next);

        await world.durable();
        assert.equal(witness.pending, 0, 'everything is answered');
        // Partitions take markers again, with or without a new process.
        witness.mode = 'written';
        if (restarted) {
          await world.restart();
          witness.watch(world.log);
        }
        for (let second = 0; second < 5; second++) await world.advance(1_000);
        assert.equal(world.coordinator.pendingMarkers, 0);
        for (const id of IDS) {
          const status = newest(world.log.records, id)?.status;
          assert(status === undefined || !isPrepared(status), 'nothing stays decided for ever');
        }
        const before = await describe(world);
        await world.restart();
        assert.deepEqual(await describe(world), before, 'a restart finds what there was');
        assert.deepEqual(witness.violations, []);
      },
    ),
    { numRuns: Number(process.env['TRANSACTION_PROPERTY_RUNS'] ?? 150) },
  );
});
