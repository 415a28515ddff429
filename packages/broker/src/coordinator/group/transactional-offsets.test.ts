// Whatever groups and transactions do, in whatever order, however late records become durable or are lost, offsets are what the log says:
//
//   committed offset of a partition = the last record of its key that counts: one outside transactions, or of a transaction with a commit marker
//   pending                         = records of transactions without a marker, behind the last tombstone of their key
//
// and that is so after a discard, after a restart, and for a log that has been compacted.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import type { TransactionalProducer } from '../coordinator-log.ts';
import { CoordinatorShard } from '../coordinator-shard.ts';
import { MemoryCoordinatorLog } from '../memory-coordinator-log.ts';
import type { StoredEntry } from '../memory-coordinator-log.ts';
import { UndoLog } from '../undo-log.ts';
import { deleteGroups } from './delete-groups.ts';
import { readGroupRecord } from './group-records.ts';
import { DEFAULT_GROUP_SETTINGS } from './group-settings.ts';
import { answered, GroupState } from './group-state.ts';
import type { GroupChange, GroupDecision } from './group-state.ts';
import { commitOffsets } from './offset-commit.ts';
import { deleteOffsets, deleteTopicOffsets } from './offset-delete.ts';
import { fetchOffsets } from './offset-fetch.ts';
import type { FetchedTopic } from './offset-fetch.ts';
import { commitTransactionalOffsets } from './txn-offset-commit.ts';

const GROUPS = ['g', 'h'];
const TOPICS = ['t', 'u'];
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

const group = fc.constantFrom(...GROUPS);
const topic = fc.constantFrom(...TOPICS);
const producer = fc.nat({ max: 2 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('transactional' as const), group, topic, producer }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('commit' as const), group, topic }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('end' as const), producer, committed: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fetch' as const), group }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete-offsets' as const), group, topic }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete-group' as const), group }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete-topic' as const), topic }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('settle' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('discard' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** By `group/topic`: the offset that is committed, and whether one is pending. */
type Offsets = Record<string, { readonly committed: number | undefined; readonly pending: boolean }>;

interface KeyRecord {
  readonly at: number;
  readonly value: number | undefined;
  readonly producerId: number | undefined;
}

/** What the log says, worked out from all of it at once. */
function offsetsIn(entries: readonly StoredEntry[]): Offsets {
  const records = recordsByKey(entries);
  const outcomeOf = (record: KeyRecord): 'committed' | 'aborted' | 'open' => {
    if (record.producerId === undefined) return 'committed';
    const marker = entries.find(
      (entry, at) => at > record.at && 'marker' in entry && entry.marker.producerId === record.producerId,
    );
    if (marker === undefined || !('marker' in marker)) return 'open';
    return marker.marker.committed ? 'committed' : 'aborted';
  };
  const offsets: Offsets = {};
  for (const groupId of GROUPS) {
    for (const name of TOPICS) {
      const ofKey = records.get(`${groupId}/${name}`) ?? [];
      const tombstone = ofKey.findLast(({ value }) => value === undefined)?.at ?? -1;
      offsets[`${groupId}/${name}`] = {
        committed: ofKey.findLast((record) => outcomeOf(record) === 'committed')?.value,
        pending: ofKey.some((record) => record.at > tombstone && outcomeOf(record) === 'open'),
      };
    }
  }
  return offsets;
}

function recordsByKey(entries: readonly StoredEntry[]): Map<string, KeyRecord[]> {
  const records = new Map<string, KeyRecord[]>();
  for (const [at, entry] of entries.entries()) {
    if (!('record' in entry)) continue;
    const read = readGroupRecord(entry.record);
    if (read.kind !== 'offset') continue;
    const key = `${read.groupId}/${read.topic}`;
    const record = { at, value: read.offset?.offset, producerId: entry.producer?.producerId };
    records.set(key, [...(records.get(key) ?? []), record]);
  }
  return records;
}

/** What the state says. */
function offsetsOf(state: GroupState): Offsets {
  const offsets: Offsets = {};
  for (const groupId of GROUPS)
    for (const name of TOPICS)
      offsets[`${groupId}/${name}`] = {
        committed: state.offsets.get(groupId, name, 0)?.offset,
        pending: state.pending.has(groupId, name, 0),
      };
  return offsets;
}

/** The log, read from its start; `keeps` says which entries compaction has left. */
function recovered(entries: readonly StoredEntry[], keeps: (at: number) => boolean = () => true): GroupState {
  const state = new GroupState(DEFAULT_GROUP_SETTINGS, new UndoLog());
  for (const [at, entry] of entries.entries()) {
    if (!keeps(at)) continue;
    if ('marker' in entry) state.applyMarker(entry.marker.producerId, entry.marker.committed);
    else state.apply(entry.record, at, entry.producer);
  }
  return state;
}

/** As the cleaner does it below the last stable offset: the last record of each key that counts, and none of what was aborted. */
function survivesCompaction(entries: readonly StoredEntry[]): (at: number) => boolean {
  const open = new Map<number, number>();
  const aborted = new Set<number>();
  const pending = new Map<number, number[]>();
  for (const [at, entry] of entries.entries()) {
    const producerId = 'marker' in entry ? entry.marker.producerId : entry.producer?.producerId;
    if (producerId === undefined) continue;
    if ('marker' in entry) {
      if (!entry.marker.committed) for (const record of pending.get(producerId) ?? []) aborted.add(record);
      open.delete(producerId);
      pending.delete(producerId);
    } else {
      if (!open.has(producerId)) open.set(producerId, at);
      pending.set(producerId, [...(pending.get(producerId) ?? []), at]);
    }
  }
  const lastStable = Math.min(...open.values(), entries.length);
  const newest = new Map<string, number>();
  for (const [at, entry] of entries.entries()) {
    if (at < lastStable && 'record' in entry && !aborted.has(at))
      newest.set(Buffer.from(entry.record.key).toString('hex'), at);
  }
  const kept = new Set(newest.values());
  return (at) => at >= lastStable || kept.has(at) || 'marker' in (entries[at] as StoredEntry);
}

class Run {
  readonly clock = new SimulatedClock();
  log = new MemoryCoordinatorLog();
  shard = this.#create();
  readonly #epochs = [0, 0, 0];
  #next = 1;

  #create(): CoordinatorShard<GroupChange, GroupState> {
    return new CoordinatorShard(
      {
        log: this.log,
        clock: this.clock,
        random: new SeededRandom(3),
        maxPendingRequests: 1_000,
        retryDelayMs: 100,
        onError: (error) => assert.fail(String(error)),
      },
      (undo) => new GroupState(DEFAULT_GROUP_SETTINGS, undo),
    );
  }

  async take(what: Step): Promise<void> {
    if (what.do === 'settle') this.log.settle(what.count);
    else if (what.do === 'discard') this.log.discard();
    else if (what.do === 'restart') {
      this.shard.close();
      this.log = this.log.restarted();
      this.shard = this.#create();
      await this.shard.load();
    } else if (what.do === 'fetch') this.#fetch(what.group);
    else this.#request(what);
    await setImmediate();
    this.#check();
  }

  /** Tells what is committed when it is asked, and only once that is durable. */
  #fetch(groupId: string): void {
    const expected = offsetsIn(this.log.entries);
    const { log } = this;
    const seen = [...log.entries];
    void this.shard
      .request<FetchedTopic[]>((state, context) =>
        answered(
          context,
          fetchOffsets(
            state,
            groupId,
            TOPICS.map((name) => ({ topic: name, topicId: TOPIC_ID, partitions: [0] })),
            true,
          ),
        ),
      )
      .then(
        (topics) => {
          for (const { topic: name, partitions } of topics) {
            const { committed, pending } = expected[`${groupId}/${name}`] ?? {};
            assert.equal(partitions[0]?.offset?.offset, committed);
            assert.equal(partitions[0]?.isUnstable, pending);
          }
          // What the answer rests on is durable: a power cut now would leave it there.
          assert.deepEqual(log.restarted().entries.slice(0, seen.length), seen);
        },
        () => undefined,
      );
  }

  #request(what: Exclude<Step, { readonly do: 'settle' | 'discard' | 'restart' | 'fetch' }>): void {
    void this.shard
      .request((state, context): GroupDecision => {
        switch (what.do) {
          case 'commit':
            return commitOffsets(state, context, {
              ...this.#commit(what),
              apiVersion: 9,
              retentionTimeMs: -1,
            });
          case 'transactional':
            return commitTransactionalOffsets(state, context, {
              ...this.#commit(what),
              producer: this.#producer(what.producer),
            });
          case 'delete-offsets':
            return deleteOffsets(state, context, what.group, [{ topic: what.topic, partitions: [0] }]);
          case 'delete-group':
            return deleteGroups(state, context, [what.group]);
          case 'delete-topic':
            return deleteTopicOffsets(state, context, [{ name: what.topic, id: TOPIC_ID }]);
          default: {
            const marker = {
              ...this.#producer(what.producer),
              coordinatorEpoch: 0,
              committed: what.committed,
              transactionVersion: 1,
            };
            return { ...answered(context, ''), marker };
          }
        }
      })
      .catch(() => undefined);
  }

  #commit(what: { readonly group: string; readonly topic: string }) {
    const offset = this.#next++;
    const partition = { topic: what.topic, topicId: TOPIC_ID, partition: 0, leaderEpoch: -1, metadata: '' };
    return {
      groupId: what.group,
      memberId: '',
      groupInstanceId: null,
      generationId: -1,
      partitions: [{ ...partition, offset }],
    };
  }

  #producer(n: number): TransactionalProducer {
    return { producerId: n, producerEpoch: this.#epochs[n] ?? 0 };
  }

  #check(): void {
    const { entries } = this.log;
    const expected = offsetsIn(entries);
    assert.deepEqual(offsetsOf(this.shard.state), expected);
    assert.deepEqual(offsetsOf(recovered(entries)), expected, 'recovered');
    assert.deepEqual(
      offsetsOf(recovered(entries, survivesCompaction(entries))),
      expected,
      'recovered from what compaction left',
    );
    for (const groupId of GROUPS) {
      const pending = TOPICS.some((name) => expected[`${groupId}/${name}`]?.pending === true);
      assert.equal(this.shard.state.pending.hasAny(groupId), pending);
    }
  }
}

void test('offsets are what the log says, through discards, restarts and compaction', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const run = new Run();
      await run.shard.load();
      for (const what of steps) await run.take(what);
    }),
    { numRuns: Number(process.env['GROUP_PROPERTY_RUNS'] ?? 300) },
  );
});
