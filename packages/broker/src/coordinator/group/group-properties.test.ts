// Whatever members do, in whatever order, however late records become durable or are lost:
//
//   - a group is always a possible one (one leader, who is a member; who waits, waits for something that will happen);
//   - its generation only grows, but for a restart or discarded records, and all who are told of a generation are told the same leader;
//   - every request is answered within the time-outs;
//   - what the records say is what the state is: recovery, or a discard, never changes a group that is Empty or Stable, or any offset.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { CoordinatorShard } from '../coordinator-shard.ts';
import { MemoryCoordinatorLog } from '../memory-coordinator-log.ts';
import { UndoLog } from '../undo-log.ts';
import { memberMetadata } from './classic-group.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { JoinAnswer, SyncAnswer } from './group-answer.ts';
import { DEFAULT_GROUP_SETTINGS } from './group-settings.ts';
import { GroupState } from './group-state.ts';
import type { GroupChange, GroupDecision } from './group-state.ts';
import { decideHeartbeat, decideJoin, decideLeave, decideSync } from './membership-requests.ts';
import { commitOffsets } from './offset-commit.ts';

const SETTINGS = { ...DEFAULT_GROUP_SETTINGS, maxGroupSize: 3, newMemberJoinTimeoutMs: 60_000 };
/** By then every wait has ended, whatever the members do not do: all time-outs, one after the other. */
const ALL_TIMEOUTS_MS = 10 * 60_000;
const GROUP = 'g';

const client = fc.integer({ min: 0, max: 3 });
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('form' as const),
      clients: fc.uniqueArray(client, { minLength: 1 }),
      sync: fc.nat({ max: 4 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      client,
      protocols: fc.constantFrom('xy', 'yx', 'x'),
      isOld: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('sync' as const), client }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('heartbeat' as const, 'leave' as const, 'commit' as const, 'forget' as const),
      client,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 1_000, 3_000, 6_000, 12_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('settle' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('discard' as const, 'restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What a client remembers. Clients 0 and 1 are static members. */
interface Client {
  memberId: string;
  generationId: number;
  readonly instance: string | null;
}

class Run {
  readonly clock = new SimulatedClock();
  readonly random = new SeededRandom(3);
  readonly clients: Client[] = [0, 1, 2, 3].map((n) => ({
    memberId: '',
    generationId: -1,
    instance: n < 2 ? `i${n}` : null,
  }));
  log = new MemoryCoordinatorLog();
  shard = this.#create();
  /** The leader that was announced, by generation. */
  readonly #leaders = new Map<number, string>();
  #generation = 0;
  #unanswered = 0;

  #create(): CoordinatorShard<GroupChange, GroupState> {
    return new CoordinatorShard(
      {
        log: this.log,
        clock: this.clock,
        random: this.random,
        maxPendingRequests: 1_000,
        retryDelayMs: 100,
        onError: (error) => assert.fail(String(error)),
      },
      (undo) => new GroupState(SETTINGS, undo),
    );
  }

  get group(): ClassicGroup | undefined {
    return this.shard.state.group(GROUP);
  }

  async take(what: Step): Promise<void> {
    switch (what.do) {
      case 'pass':
        this.clock.advance(what.ms);
        break;
      case 'settle':
        this.log.settle(what.count);
        break;
      case 'discard':
        this.log.discard();
        this.#forgetGenerations();
        break;
      case 'restart':
        this.shard.close();
        this.log = this.log.restarted();
        this.shard = this.#create();
        await this.shard.load();
        this.#forgetGenerations();
        break;
      case 'form':
        await this.#form(what.clients, what.sync);
        break;
      default:
        this.#request(what);
    }
    await setImmediate();
    this.check();
  }

  /** The usual: all join, and so many of them sync. Random steps alone seldom come that far. */
  async #form(clients: readonly number[], sync: number): Promise<void> {
    const join = { do: 'join', protocols: 'xy', isOld: false } as const;
    for (const n of [...clients, ...clients])
      await this.take({ ...join, client: n }).then(() => this.take({ do: 'settle', count: 9 }));
    await this.take({ do: 'pass', ms: 6_000 });
    for (const n of clients.slice(0, sync)) await this.take({ do: 'sync', client: n });
  }

  #request(what: Extract<Step, { readonly client: number }>): void {
    const who = this.clients[what.client];
    assert(who !== undefined);
    const ids = { memberId: who.memberId, groupInstanceId: who.instance, generationId: who.generationId };
    if (what.do === 'forget') who.memberId = '';
    else if (what.do === 'join') this.#join(who, what);
    else if (what.do === 'sync') {
      const assignments = this.clients.map(({ memberId }) => ({
        memberId,
        assignment: Uint8Array.of(who.generationId),
      }));
      void this.#decide<SyncAnswer>((state, context) =>
        decideSync(state, context, GROUP, { ...ids, protocolType: null, protocolName: null, assignments }),
      );
    } else if (what.do === 'heartbeat')
      void this.#decide((state, context) => decideHeartbeat(state, context, GROUP, ids));
    else if (what.do === 'leave')
      void this.#decide((state, context) => decideLeave(state, context, GROUP, [ids]));
    else {
      const partition = {
        topic: 't',
        topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
        partition: what.client,
        offset: this.clock.now(),
        leaderEpoch: -1,
        metadata: '',
      };
      const request = { ...ids, apiVersion: 9, groupId: GROUP, retentionTimeMs: -1, partitions: [partition] };
      void this.#decide((state, context) => commitOffsets(state, context, request));
    }
  }

  #join(who: Client, { protocols, isOld }: { readonly protocols: string; readonly isOld: boolean }): void {
    const request = {
      apiVersion: isOld ? 3 : 9,
      clientId: 'c',
      clientHost: '/h',
      memberId: who.memberId,
      groupInstanceId: who.instance,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 5_000,
      protocolType: 'consumer',
      protocols: Array.from(protocols, (name) => ({ name, metadata: new Uint8Array(6) })),
    };
    void this.#decide<JoinAnswer>((state, context) => decideJoin(state, context, GROUP, request)).then(
      (answer) => {
        if (answer === undefined) return;
        if (answer.error === 'MEMBER_ID_REQUIRED') who.memberId = answer.memberId;
        if (answer.error !== undefined) return;
        who.memberId = answer.memberId;
        who.generationId = answer.generationId ?? -1;
      },
    );
  }

  #decide<Answer>(
    decide: (...parameters: Parameters<Parameters<typeof this.shard.request>[0]>) => GroupDecision,
  ): Promise<Answer | undefined> {
    this.#unanswered++;
    const answered = (answer: Answer | undefined): Answer | undefined => {
      this.#unanswered--;
      return answer;
    };
    return this.shard.request<Answer>(decide).then(answered, () => answered(undefined));
  }

  /** Generations that were never stored may come again, with others in them. */
  #forgetGenerations(): void {
    this.#leaders.clear();
    this.#generation = this.group?.generationId ?? 0;
  }

  check(): void {
    const { group } = this;
    assert.equal(this.shard.pendingRequests, this.#unanswered);
    if (group === undefined) return;
    const members = [...group.members.values()];
    assert.equal(group.leaderId === null, members.length === 0, 'a leader, if there is anyone to lead');
    assert(group.leaderId === null || group.members.has(group.leaderId), 'the leader is a member');
    assert.equal(
      group.members.size === 0,
      group.state === 'Empty' || (group.state === 'PreparingRebalance' && members.length === 0),
    );
    assert(group.pendingJoin.isDisjointFrom(new Set(members.map(({ memberId }) => memberId))));
    assert(group.pendingSync.isSubsetOf(new Set(members.map(({ memberId }) => memberId))));
    const instances = members.flatMap(({ groupInstanceId }) => groupInstanceId ?? []);
    assert.equal(new Set(instances).size, instances.length, 'an instance is one member');
    if (group.state !== 'PreparingRebalance')
      assert(members.every(({ awaitingJoin }) => awaitingJoin === undefined));
    if (group.state !== 'CompletingRebalance')
      assert(members.every(({ awaitingSync }) => awaitingSync === undefined));
    assert.equal(group.joinDeadline !== undefined, group.state === 'PreparingRebalance', 'a join phase ends');
    if (group.pendingSync.size > 0) assert(group.syncDeadlineMs !== undefined, 'so does the wait for syncs');
    assert(group.generationId >= this.#generation, 'the generation grows');
    this.#generation = group.generationId;
    if (group.leaderId !== null && group.state === 'CompletingRebalance') {
      const announced = this.#leaders.get(group.generationId) ?? group.leaderId;
      assert.equal(group.leaderId, announced, 'a generation has one leader');
      this.#leaders.set(group.generationId, announced);
    }
  }

  /** What recovery would make of the records, beside what the state is. */
  checkRecovery(): void {
    const recovered = new GroupState(SETTINGS, new UndoLog());
    for (const [offset, record] of this.log.records.entries()) recovered.apply(record, offset);
    assert.deepEqual(offsetsOf(recovered), offsetsOf(this.shard.state));
    const live = this.group;
    const stored = recovered.group(GROUP);
    if (live === undefined) assert.equal(stored, undefined);
    else if (live.state === 'Stable') assert.deepEqual(stored && storedPart(stored), storedPart(live));
    else if (live.state === 'Empty' && live.protocolType !== null)
      assert.deepEqual(stored && storedPart(stored), storedPart(live));
  }
}

const offsetsOf = (state: GroupState): unknown =>
  [...state.offsets.of(GROUP)].map(([topic, partitions]) => [topic, new Map(partitions)]);

const storedPart = (group: ClassicGroup): unknown => ({
  state: group.state,
  stateTimestampMs: group.stateTimestampMs,
  generationId: group.generationId,
  protocolType: group.protocolType,
  protocolName: group.protocolName,
  leaderId: group.leaderId,
  subscribedTopics: group.subscribedTopics,
  members: new Map(
    [...group.members.values()].map((member) => [
      member.memberId,
      {
        ...member,
        protocols: memberMetadata(member, group.protocolName),
        isNew: undefined,
        awaitingJoin: undefined,
        awaitingSync: undefined,
      },
    ]),
  ),
});

void test('groups keep their promises', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const run = new Run();
      await run.shard.load();
      for (const what of steps) {
        await run.take(what);
        run.checkRecovery();
      }
      for (let ms = 0; ms < ALL_TIMEOUTS_MS; ms += 5_000) {
        run.clock.advance(5_000);
        run.log.settle();
        await setImmediate();
      }
      run.check();
      run.checkRecovery();
      assert.equal(run.shard.pendingRequests, 0, 'every request is answered');
      assert.equal(run.group?.state ?? 'Empty', 'Empty', 'members that are silent are gone');
    }),
    { numRuns: Number(process.env['GROUP_PROPERTY_RUNS'] ?? 300) },
  );
});
