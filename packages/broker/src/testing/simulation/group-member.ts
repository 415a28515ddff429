// A member of a classic consumer group, with one connection for the group and one for records: joins, shares partitions out if it leads, reads,
// commits, keeps its heartbeat, and now and then dies or leaves, to come back as another.
import { ErrorCode } from '@moldau/protocol';
import {
  leaveGroupRequest,
  leaveGroupResponse,
  newLeaveGroupRequest,
  newMemberIdentity,
} from '@moldau/protocol/generated/leave-group.ts';
import type { JoinGroupResponse } from '@moldau/protocol/generated/join-group.ts';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { recordsIn } from '../batches.ts';
import { fetch } from '../calls.ts';
import {
  commitOffset,
  committedOffset,
  heartbeat,
  joinGroup,
  syncGroup,
  type Membership,
} from '../group-calls.ts';
import { Unanswered, type BrokerConnections } from './broker-connections.ts';
import { mayRetry, violated, type World } from './world.ts';

export const SESSION_TIMEOUT_MS = 1500;
const REBALANCE_TIMEOUT_MS = 2000;
/** A join waits for the others as long as the rebalance may take. */
const JOIN_LIMIT_MS = REBALANCE_TIMEOUT_MS + SESSION_TIMEOUT_MS + 1000;
const GROUP = 'group';

/** What tells a member to join again. */
const REJOIN: readonly ErrorCode[] = [
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
];

export class GroupMember {
  readonly #world: World;
  readonly #name: string;
  readonly #connections: BrokerConnections;
  readonly #records: BrokerConnections;
  readonly #random: SeededRandom;
  #memberId = '';
  #coordinator = 0;
  /** Where to read on, by partition. */
  readonly #positions = new Map<string, number>();

  constructor(world: World, name: string, connections: BrokerConnections, records: BrokerConnections) {
    this.#world = world;
    this.#name = name;
    this.#connections = connections;
    this.#records = records;
    this.#random = world.cluster.random.fork();
  }

  async run(): Promise<void> {
    const { cluster, group } = this.#world;
    while (!this.#world.over) {
      try {
        this.#coordinator = await this.#connections.coordinator(GROUP);
        const membership = await this.#join();
        if (membership !== undefined && (await this.#begin(membership))) await this.#work(membership);
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
      } finally {
        group.lets(this.#name);
      }
      await cluster.sleep(10 + this.#random.integer(80));
    }
  }

  /** Joins and learns its partitions, or undefined: try again. */
  async #join(): Promise<Membership | undefined> {
    const init = {
      memberId: this.#memberId,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    };
    const joined = await this.#connections.use(
      this.#coordinator,
      (client) => joinGroup(client, GROUP, init),
      JOIN_LIMIT_MS,
    );
    if (joined.errorCode !== ErrorCode.NONE) return this.#refused('JoinGroup', joined.errorCode);
    this.#memberId = joined.memberId;
    const membership = { groupId: GROUP, memberId: joined.memberId, generationId: joined.generationId };
    const plan = joined.members.length > 0 ? this.#plan(joined) : {};
    const synced = await this.#connections.use(
      this.#coordinator,
      (client) => syncGroup(client, membership, plan),
      JOIN_LIMIT_MS,
    );
    if (synced.errorCode !== ErrorCode.NONE) return this.#refused('SyncGroup', synced.errorCode);
    this.#positions.clear();
    const assigned = Buffer.from(synced.assignment).toString();
    for (const partition of assigned === '' ? [] : assigned.split(' ')) this.#positions.set(partition, -1);
    return membership;
  }

  /** Every partition to one member, in turn. */
  #plan({ members }: JoinGroupResponse): Record<string, string> {
    const plan = new Map<string, string[]>(members.map(({ memberId }) => [memberId, []]));
    const ids = [...plan.keys()];
    for (const [i, partition] of [...this.#world.partitions.keys()].entries())
      plan.get(ids[i % ids.length]!)!.push(partition);
    return Object.fromEntries([...plan].map(([id, partitions]) => [id, partitions.join(' ')]));
  }

  #refused(what: string, error: number): undefined {
    if (
      !mayRetry(this.#world, `${what} of ${this.#name}`, error, REJOIN) &&
      error === ErrorCode.UNKNOWN_MEMBER_ID
    )
      this.#memberId = '';
    return undefined;
  }

  /** Finds where to read on. False: join again. */
  async #begin(membership: Membership): Promise<boolean> {
    const { group, cluster, partitions } = this.#world;
    for (const key of this.#positions.keys()) {
      const { topic, index } = partitions.get(key)!;
      for (;;) {
        const before = group.committed(key);
        const { offset, error } = await this.#connections.use(this.#coordinator, (client) =>
          committedOffset(client, GROUP, topic, index),
        );
        if (error === ErrorCode.NONE) {
          if (offset < before)
            violated(
              this.#world,
              `${this.#name} was told committed offset ${offset} of ${key} after a commit of ${before} had been acknowledged`,
            );
          this.#positions.set(key, Math.max(0, offset));
          break;
        }
        if (
          !mayRetry(this.#world, `OffsetFetch of ${this.#name}`, error, REJOIN) ||
          error === ErrorCode.NOT_COORDINATOR
        )
          return false;
        await cluster.sleep(20);
      }
    }
    group.holds(this.#name, membership.generationId, [...this.#positions.keys()]);
    return true;
  }

  /** Reads and commits until it has to join again, or its life is over. */
  async #work(membership: Membership): Promise<void> {
    const { cluster } = this.#world;
    while (!this.#world.over) {
      if (!(await this.#beat(membership))) return;
      for (const key of this.#positions.keys()) await this.#read(key);
      if (this.#random.chance(0.5) && !(await this.#commit(membership))) return;
      if (!this.#world.draining && this.#random.chance(0.02)) return this.#depart(membership);
      await cluster.sleep(this.#random.integer(100));
    }
  }

  async #beat(membership: Membership): Promise<boolean> {
    const error = await this.#connections.use(this.#coordinator, (client) => heartbeat(client, membership));
    if (error !== ErrorCode.NONE) this.#refused('Heartbeat', error);
    return error === ErrorCode.NONE;
  }

  async #read(key: string): Promise<void> {
    const { topic, index: partition } = this.#world.partitions.get(key)!;
    try {
      const leader = await this.#records.leader(topic, partition);
      const data = await this.#records.use(leader, (client) =>
        fetch(client, topic, this.#positions.get(key)!, { partition, maxWaitMs: 20 }),
      );
      if (data.errorCode !== ErrorCode.NONE) {
        mayRetry(
          this.#world,
          `Fetch of ${key} at ${this.#positions.get(key)} by ${this.#name}`,
          data.errorCode,
        );
        this.#records.forgetLeaders();
        return;
      }
      const position = this.#positions.get(key)!;
      const records = recordsIn(data.records).filter(({ offset }) => offset >= position);
      for (const problem of this.#world.partitions.get(key)!.read(records)) violated(this.#world, problem);
      if (records.length > 0) this.#positions.set(key, records.at(-1)!.offset + 1);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
  }

  async #commit(membership: Membership): Promise<boolean> {
    for (const [key, offset] of this.#positions) {
      const { topic, index } = this.#world.partitions.get(key)!;
      const error = await this.#connections.use(this.#coordinator, (client) =>
        commitOffset(client, membership, topic, index, offset),
      );
      if (error !== ErrorCode.NONE) {
        this.#refused('OffsetCommit', error);
        return false;
      }
      this.#world.group.commitAcknowledged(key, offset);
    }
    return true;
  }

  /** Leaves in order, or falls silent; comes back as a new member. */
  async #depart(membership: Membership): Promise<void> {
    this.#world.group.lets(this.#name);
    if (this.#random.chance(0.5)) {
      const message = newLeaveGroupRequest({
        groupId: GROUP,
        members: [newMemberIdentity({ memberId: membership.memberId })],
      });
      await this.#connections.request(this.#coordinator, leaveGroupRequest, leaveGroupResponse, message, 5);
    }
    this.#memberId = '';
    await this.#world.cluster.sleep(this.#random.integer(2 * SESSION_TIMEOUT_MS));
  }

  /** How far it has read, by partition. */
  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }
}
