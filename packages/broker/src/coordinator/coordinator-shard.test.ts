// The runtime, with the smallest state machine that shows it: counters that are stored, and requests that wait for a counter to be raised.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { CoordinatorError } from './coordinator-error.ts';
import type { CoordinatorRecord } from './coordinator-log.ts';
import { CoordinatorShard } from './coordinator-shard.ts';
import type { CoordinatorState, Decision, DecisionContext, ReplyId } from './coordinator-shard.ts';
import { MemoryCoordinatorLog } from './memory-coordinator-log.ts';
import { UndoMap } from './undo-log.ts';
import type { UndoLog } from './undo-log.ts';

interface Change {
  readonly waiter?: ReplyId | 'none';
  readonly deadlineMs?: number;
}

class Counters implements CoordinatorState<Change> {
  readonly values: UndoMap<string, number>;
  readonly waiter: UndoMap<'waiter', ReplyId>;
  deadlineMs: number | undefined;

  constructor(undo: UndoLog) {
    this.values = new UndoMap(undo);
    this.waiter = new UndoMap(undo);
  }

  apply(record: CoordinatorRecord): void {
    assert(record.value !== null);
    this.values.set(String(record.key[0]), record.value[0] ?? 0);
  }

  applyChange({ waiter, deadlineMs }: Change): void {
    if (waiter === 'none') this.waiter.delete('waiter');
    else if (waiter !== undefined) this.waiter.set('waiter', waiter);
    if (deadlineMs !== undefined) this.deadlineMs = deadlineMs;
  }

  loaded(): Decision<Change> {
    return { records: [], changes: [], replies: [] };
  }

  rolledBack(): void {}

  nextDeadline(): number | undefined {
    return this.deadlineMs;
  }

  expire(context: DecisionContext): Decision<Change> {
    return {
      records: [record(9, 9)],
      changes: [{ deadlineMs: context.monotonicMs + 1_000_000 }],
      replies: [],
    };
  }
}

const record = (key: number, value: number): CoordinatorRecord => ({
  key: Uint8Array.of(key),
  value: Uint8Array.of(value),
});

function start(log = new MemoryCoordinatorLog()) {
  const clock = new SimulatedClock();
  const errors: unknown[] = [];
  const shard = new CoordinatorShard(
    {
      log,
      clock,
      random: new SeededRandom(1),
      maxPendingRequests: 3,
      retryDelayMs: 100,
      onError: (error) => errors.push(error),
    },
    (undo) => new Counters(undo),
  );
  const answers: string[] = [];
  const watch = (name: string, answer: Promise<unknown>): void => {
    void answer.then(
      (value) => answers.push(`${name}: ${String(value)}`),
      (error: unknown) =>
        answers.push(`${name}: ${error instanceof CoordinatorError ? error.code : String(error)}`),
    );
  };
  /** Stores a value and answers the one before. */
  const put = (name: string, key: number, value: number): void =>
    watch(
      name,
      shard.request((state, context) => ({
        records: [record(key, value)],
        changes: [],
        replies: [{ to: context.reply, answer: state.values.get(String(key)) }],
      })),
    );
  const read = (name: string, key: number): void =>
    watch(
      name,
      shard.request((state, context) => ({
        records: [],
        changes: [],
        replies: [{ to: context.reply, answer: state.values.get(String(key)) }],
      })),
    );
  const wait = (name: string): void =>
    watch(
      name,
      shard.request((_state, context) => ({
        records: [],
        changes: [{ waiter: context.reply }],
        replies: [],
      })),
    );
  /** Answers whoever waits. */
  const wake = (name: string): void =>
    watch(
      name,
      shard.request((state, context) => {
        const waiter = state.waiter.get('waiter');
        const woken = waiter === undefined ? [] : [{ to: waiter, answer: 'woken' }];
        return {
          records: [record(8, 8)],
          changes: [{ waiter: 'none' }],
          replies: [...woken, { to: context.reply, answer: woken.length }],
        };
      }),
    );
  /** The answers since the last look. */
  const seen = async (): Promise<string[]> => {
    await setImmediate();
    return answers.splice(0);
  };
  return { shard, log, clock, errors, watch, put, read, wait, wake, seen };
}

void test('decisions see the newest state; answers, of reads too, wait until what they saw is durable', async () => {
  const { shard, log, put, read, seen } = start();
  await shard.load();
  read('before', 1);
  assert.deepEqual(await seen(), ['before: undefined'], 'nothing is open: answered at once');
  put('first', 1, 10);
  put('second', 1, 20);
  read('read', 1);
  assert.deepEqual(await seen(), []);
  log.settle(1);
  assert.deepEqual(await seen(), ['first: undefined']);
  log.settle(1);
  assert.deepEqual(await seen(), ['second: 10', 'read: 20']);
});

void test('a discarded append takes back all that was decided since, and whoever came since is told', async () => {
  const { shard, log, put, read, wait, wake, seen } = start();
  await shard.load();
  put('durable', 1, 10);
  log.settle();
  wait('waiting');
  put('lost', 1, 20);
  wake('waking');
  await seen();
  log.discard();
  assert.deepEqual(await seen(), ['lost: UNAVAILABLE', 'waking: UNAVAILABLE']);
  read('read', 1);
  assert.deepEqual(await seen(), ['read: 10'], 'the state is the durable one');
  wake('again');
  log.settle();
  assert.deepEqual(await seen(), ['waiting: woken', 'again: 1'], 'whoever waited before goes on waiting');
});

void test('appends that are durable already survive the discard of later ones', async () => {
  const { shard, log, put, read, seen } = start();
  await shard.load();
  put('kept', 1, 10);
  put('lost', 1, 20);
  log.settle(1);
  log.discard();
  assert.deepEqual(await seen(), ['kept: undefined', 'lost: UNAVAILABLE']);
  read('read', 1);
  assert.deepEqual(await seen(), ['read: 10']);
});

void test('a log that takes nothing leaves everything as it was', async () => {
  const { shard, log, put, read, seen } = start();
  await shard.load();
  log.refusal = new Error('full');
  put('refused', 1, 10);
  log.refusal = undefined;
  read('read', 1);
  assert.deepEqual(await seen(), ['refused: UNAVAILABLE', 'read: undefined']);
});

void test('loading, failed and unloaded shards refuse', async () => {
  const { shard, read, seen, wait } = start();
  read('early', 1);
  await shard.load();
  wait('waiting');
  shard.close();
  read('late', 1);
  assert.deepEqual(await seen(), ['early: LOADING', 'waiting: NOT_COORDINATOR', 'late: NOT_COORDINATOR']);

  const broken = new MemoryCoordinatorLog();
  broken.load = () => Promise.reject(new Error('corrupt'));
  const failed = start(broken);
  await assert.rejects(failed.shard.load(), /corrupt/);
  failed.read('read', 1);
  assert.deepEqual(await failed.seen(), ['read: NOT_COORDINATOR']);
});

void test('a restart finds the state of the durable records', async () => {
  const { shard, log, put } = start();
  await shard.load();
  put('durable', 1, 10);
  log.settle();
  put('open', 1, 20);
  shard.close();
  const next = start(log.restarted());
  await next.shard.load();
  next.read('read', 1);
  assert.deepEqual(await next.seen(), ['read: 10']);
});

void test('atomic records that do not fit into a batch are refused; splittable ones become several batches', async () => {
  const { shard, log, watch, seen } = start();
  await shard.load();
  log.maxBatchBytes = 61 + 3 * 34;
  const records = [1, 2, 3, 4, 5, 6, 7].map((key) => record(key, key));
  const put = (splittable: boolean) =>
    shard.request((_state, context) => ({
      records,
      changes: [],
      replies: [{ to: context.reply, answer: 'ok' }],
      splittable,
    }));
  watch('atomic', put(false));
  assert.deepEqual(await seen(), ['atomic: TOO_LARGE']);
  watch('split', put(true));
  assert.deepEqual(log.batchSizes, [3, 3, 1]);
  log.settle(2);
  assert.deepEqual(await seen(), [], 'waits for the last batch');
  log.settle(1);
  assert.deepEqual(await seen(), ['split: ok']);
});

void test('no more requests wait than allowed', async () => {
  const { shard, wait, seen } = start();
  await shard.load();
  for (const name of ['1', '2', '3', '4']) wait(name);
  assert.deepEqual(await seen(), ['4: UNAVAILABLE']);
  assert.equal(shard.pendingRequests, 3);
});

void test('what time decides is stored; when it cannot be, it is tried again later', async () => {
  const { shard, log, clock, errors } = start();
  await shard.load();
  void shard.request((_state, context) => ({
    records: [],
    changes: [{ deadlineMs: 1_000 }],
    replies: [{ to: context.reply, answer: '' }],
  }));
  log.refusal = new Error('full');
  clock.advance(1_000);
  assert.equal(errors.length, 1);
  log.refusal = undefined;
  clock.advance(99);
  assert.deepEqual(log.records, []);
  clock.advance(1);
  assert.deepEqual(log.records, [record(9, 9)]);
});

void test('a defect in a decision reaches its request and changes nothing', async () => {
  const { shard, watch, seen, read } = start();
  await shard.load();
  watch(
    'broken',
    shard.request(() => {
      throw new Error('defect');
    }),
  );
  read('next', 1);
  assert.deepEqual(await seen(), ['broken: Error: defect', 'next: undefined']);
  assert.equal(shard.pendingRequests, 0);
});
