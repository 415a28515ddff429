// What happens in a group, written down line by line, so that a test is a story that can be read:
//
//   a joins                                  what is sent, by whom
//     a joined: MEMBER_ID_REQUIRED           what is answered, whenever that is
//   3000 ms
//
// Members go by names; the ids that the coordinator gave them are kept here. The coordinator is whatever answers requests: the one under test, or a
// real Kafka behind a socket, which must tell the same story.
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import { newHeartbeatRequest } from '@moldau/protocol/generated/heartbeat.ts';
import { newJoinGroupRequest } from '@moldau/protocol/generated/join-group.ts';
import { newLeaveGroupRequest } from '@moldau/protocol/generated/leave-group.ts';
import { newDeleteGroupsRequest } from '@moldau/protocol/generated/delete-groups.ts';
import { newDescribeGroupsRequest } from '@moldau/protocol/generated/describe-groups.ts';
import { newListGroupsRequest } from '@moldau/protocol/generated/list-groups.ts';
import { newOffsetCommitRequest } from '@moldau/protocol/generated/offset-commit.ts';
import { newOffsetDeleteRequest } from '@moldau/protocol/generated/offset-delete.ts';
import { newOffsetFetchRequest } from '@moldau/protocol/generated/offset-fetch.ts';
import { newSyncGroupRequest } from '@moldau/protocol/generated/sync-group.ts';
import { ZERO_UUID } from '@moldau/protocol/uuid.ts';
import { newTxnOffsetCommitRequest } from '@moldau/protocol/generated/txn-offset-commit.ts';
import type { TransactionalProducer } from '../coordinator-log.ts';
import type { GroupCoordinator } from './group-coordinator.ts';

/** Whatever answers the requests of groups. */
export type AnyCoordinator = Pick<
  GroupCoordinator,
  | 'joinGroup'
  | 'syncGroup'
  | 'heartbeat'
  | 'leaveGroup'
  | 'offsetCommit'
  | 'txnOffsetCommit'
  | 'offsetFetch'
  | 'offsetDelete'
  | 'describeGroups'
  | 'listGroups'
  | 'deleteGroups'
>;

/** The world in which the story happens. */
export interface Stage {
  coordinator: AnyCoordinator;
  /** Lets everything happen that happens without time passing. */
  quiet(): Promise<void>;
  pass(ms: number): Promise<void>;
  /** How much slower than told the story happens: a real process needs time to answer. */
  readonly timeScale: number;
  readonly transactions: Transactions;
}

/** Whoever coordinates the transactions of the story. */
export interface Transactions {
  init(transactionalId: string): Promise<TransactionalProducer>;
  addGroup(transactionalId: string, groupId: string): Promise<void>;
  /** Resolves once the markers are written. */
  end(transactionalId: string, committed: boolean): Promise<void>;
}

export interface TransactionalCommitOptions {
  /** Whose ids and generation it carries; without one, those of nobody. */
  readonly member?: string;
  readonly memberOptions?: MemberOptions;
  readonly topic?: string;
  readonly metadata?: string;
  readonly version?: number;
  readonly transactionalId?: string;
  readonly producerId?: number;
  readonly producerEpoch?: number;
}

export interface JoinOptions {
  readonly instance?: string;
  /** `name` or `name:topic,topic`; in order of preference. */
  readonly protocols?: readonly string[];
  readonly type?: string;
  readonly version?: number;
  /** Instead of the one that the name stands for. */
  readonly memberId?: string;
  readonly session?: number;
  readonly rebalance?: number;
}

export interface MemberOptions {
  readonly instance?: string;
  readonly generation?: number;
  readonly memberId?: string;
  readonly version?: number;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (content: Uint8Array): string => new TextDecoder().decode(content);

/** The metadata of a consumer that subscribes to the topics: ConsumerProtocolSubscription version 0. */
export function subscription(...topics: string[]): Uint8Array {
  const parts = topics.flatMap((topic) => [0, topic.length, ...bytes(topic)]);
  return Uint8Array.from([0, 0, 0, 0, 0, topics.length, ...parts, 255, 255, 255, 255]);
}

const error = (code: number): string => errorName(code);

export class GroupTranscript {
  readonly groupId: string;
  readonly #stage: Stage;
  /** Answers are put into words when they are read: only then are all names known. */
  readonly #lines: (string | (() => string))[] = [];
  readonly #ids = new Map<string, string>();
  /** By every id ever given out: the name, numbered from the second id on. */
  readonly #names = new Map<string, string>();
  readonly #generations = new Map<string, number>();
  readonly #producers = new Map<string, TransactionalProducer>();

  constructor(stage: Stage, groupId = 'g') {
    this.#stage = stage;
    this.groupId = groupId;
  }

  /** The story so far; the next call begins a new chapter. Answers that came together are in alphabetical order. */
  read(): string {
    const lines: string[] = [];
    let answers: string[] = [];
    for (const line of this.#lines.splice(0)) {
      if (typeof line === 'function') answers.push(`  ${line()}`);
      else {
        lines.push(...answers.toSorted(), line);
        answers = [];
      }
    }
    return [...lines, ...answers.toSorted()].join('\n');
  }

  idOf(name: string): string {
    return this.#ids.get(name) ?? '';
  }

  /** The name forgets the id it was given: the process was restarted. */
  forget(name: string): void {
    this.#ids.delete(name);
  }

  async pass(ms: number): Promise<void> {
    this.#lines.push(`${ms} ms`);
    await this.#stage.pass(ms * this.#stage.timeScale);
  }

  async join(name: string, options: JoinOptions = {}): Promise<void> {
    const { version = 9, protocols = ['range'], rebalance = 2_000 } = options;
    const memberId = options.memberId ?? this.idOf(name);
    const request = newJoinGroupRequest({
      groupId: this.groupId,
      sessionTimeoutMs: (options.session ?? 10_000) * this.#stage.timeScale,
      rebalanceTimeoutMs: version === 0 ? -1 : rebalance * this.#stage.timeScale,
      memberId,
      groupInstanceId: options.instance ?? null,
      protocolType: options.type ?? 'consumer',
      protocols: protocols.map((protocol) => {
        const [protocolName = '', topics = 'orders'] = protocol.split(':');
        return { name: protocolName, metadata: subscription(...topics.split(',')) };
      }),
    });
    await this.#tell(
      `${name} joins`,
      this.#stage.coordinator.joinGroup(request, this.#client(name, version)),
      (response) => {
        if (response.errorCode !== ErrorCode.NONE) return `${name} joined: ${error(response.errorCode)}`;
        const members = response.members
          .map((member) => `${this.#nameOf(member.memberId)}(${textOf(member.metadata.subarray(8, -4))})`)
          .toSorted();
        const skip = response.skipAssignment ? ', skip assignment' : '';
        const all = members.length === 0 ? '' : `, members ${members.join(' ')}`;
        return `${name} joined: generation ${response.generationId} of ${response.protocolType ?? '-'}, ${response.protocolName}, leader ${this.#nameOf(response.leader)}${all}${skip}`;
      },
      (response) => {
        if (response.errorCode === ErrorCode.NONE) this.#generations.set(name, response.generationId);
        else if (response.errorCode !== ErrorCode.MEMBER_ID_REQUIRED) return;
        this.#name(response.memberId, name);
      },
    );
  }

  /** @param assignments by name, when the member is the leader */
  async sync(
    name: string,
    assignments: Record<string, string> = {},
    options: MemberOptions & { protocol?: string } = {},
  ): Promise<void> {
    const request = newSyncGroupRequest({
      ...this.#member(name, options),
      protocolType: 'consumer',
      protocolName: options.protocol ?? 'range',
      assignments: Object.entries(assignments).map(([of, assignment]) => ({
        memberId: this.idOf(of),
        assignment: bytes(assignment),
      })),
    });
    await this.#tell(
      `${name} syncs`,
      this.#stage.coordinator.syncGroup(request, this.#client(name, 5)),
      (response) =>
        response.errorCode === ErrorCode.NONE
          ? `${name} is assigned: ${textOf(response.assignment)}`
          : `${name} synced: ${error(response.errorCode)}`,
    );
  }

  async heartbeat(name: string, options: MemberOptions = {}): Promise<void> {
    const request = newHeartbeatRequest(this.#member(name, options));
    await this.#tell(
      `${name} beats`,
      this.#stage.coordinator.heartbeat(request, this.#client(name, 4)),
      (response) => `${name}: ${error(response.errorCode)}`,
    );
  }

  /** @param members names, or `=instance` for a static member by its instance id alone */
  async leave(...members: readonly string[]): Promise<void> {
    const request = newLeaveGroupRequest({
      groupId: this.groupId,
      members: members.map((name) => {
        if (name.startsWith('=')) return { memberId: '', groupInstanceId: name.slice(1), reason: null };
        return { memberId: this.idOf(name), groupInstanceId: null, reason: 'done' };
      }),
    });
    await this.#tell(
      `${members.join(' and ')} leave`,
      this.#stage.coordinator.leaveGroup(request, this.#client('admin', 5)),
      (response) =>
        [
          error(response.errorCode),
          ...response.members.map((member, at) => `${members[at] ?? ''} ${error(member.errorCode)}`),
        ].join(', '),
    );
  }

  /** Commits `offset` for partition 0 of the topic; without a name for no member. */
  async commit(
    name: string | undefined,
    offset: number,
    options: MemberOptions & { topic?: string; metadata?: string } = {},
  ): Promise<void> {
    const { generationId, ...ids } =
      name === undefined
        ? { generationId: -1, groupId: this.groupId, memberId: '' }
        : this.#member(name, options);
    const request = newOffsetCommitRequest({
      ...ids,
      generationIdOrMemberEpoch: generationId,
      topics: [
        {
          name: options.topic ?? 'orders',
          topicId: ZERO_UUID,
          partitions: [
            {
              partitionIndex: 0,
              committedOffset: offset,
              committedLeaderEpoch: -1,
              committedMetadata: options.metadata ?? null,
            },
          ],
        },
      ],
    });
    const version = options.version ?? 9;
    await this.#tell(
      `${name ?? 'someone'} commits ${offset}`,
      this.#stage.coordinator.offsetCommit(request, this.#client(name ?? 'x', version)),
      (response) =>
        `committed: ${response.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => error(errorCode))).join()}`,
    );
  }

  /** The producer begins anew: a transaction that it has open is aborted. */
  async init(producer: string): Promise<void> {
    this.#lines.push(`${producer} begins`);
    this.#producers.set(producer, await this.#stage.transactions.init(this.#transactionalId(producer)));
  }

  /** The producer's transaction gets the group's partition (AddOffsetsToTxn). */
  async addGroup(producer: string): Promise<void> {
    this.#lines.push(`${producer} adds the group`);
    await this.#stage.transactions.addGroup(this.#transactionalId(producer), this.groupId);
  }

  async end(producer: string, how: 'commit' | 'abort'): Promise<void> {
    this.#lines.push(`${producer}: ${how}`);
    await this.#stage.transactions.end(this.#transactionalId(producer), how === 'commit');
    await this.#stage.quiet();
  }

  /** Commits `offset` for partition 0 of the topic as part of the producer's transaction. */
  async commitIn(producer: string, offset: number, options: TransactionalCommitOptions = {}): Promise<void> {
    const { member, topic = 'orders', metadata = null, version = 4 } = options;
    const { producerId, producerEpoch } = this.#producers.get(producer) ?? {
      producerId: -1,
      producerEpoch: -1,
    };
    const ids =
      member === undefined ? { groupId: this.groupId } : this.#member(member, options.memberOptions ?? {});
    const request = newTxnOffsetCommitRequest({
      ...ids,
      transactionalId: options.transactionalId ?? this.#transactionalId(producer),
      producerId: options.producerId ?? producerId,
      producerEpoch: options.producerEpoch ?? producerEpoch,
      topics: [
        {
          name: topic,
          partitions: [
            {
              partitionIndex: 0,
              committedOffset: offset,
              committedLeaderEpoch: -1,
              committedMetadata: metadata,
            },
          ],
        },
      ],
    });
    await this.#tell(
      `${producer} commits ${offset} in its transaction`,
      this.#stage.coordinator.txnOffsetCommit(request, this.#client(producer, version)),
      (response) =>
        `committed: ${response.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => error(errorCode))).join()}`,
    );
  }

  /** Fetches the offset of partition 0 of the topic, stable or not. */
  async fetchOne(topic: string, requireStable: boolean): Promise<void> {
    const topics = [{ name: topic, topicId: ZERO_UUID, partitionIndexes: [0] }];
    const request = newOffsetFetchRequest({
      groups: [{ groupId: this.groupId, memberId: null, memberEpoch: -1, topics }],
      requireStable,
    });
    await this.#tell(
      `fetch ${topic}${requireStable ? ', stable' : ''}`,
      this.#stage.coordinator.offsetFetch(request, this.#client('admin', 9)),
      ({ groups }) =>
        groups
          .flatMap((group) => group.topics.flatMap(({ partitions }) => partitions))
          .map(({ committedOffset, errorCode }) => `${error(errorCode)} ${committedOffset}`)
          .join(),
    );
  }

  /** Fetches all offsets of the group. */
  async fetch(requireStable = true): Promise<void> {
    const request = newOffsetFetchRequest({
      groups: [{ groupId: this.groupId, memberId: null, memberEpoch: -1, topics: null }],
      requireStable,
    });
    await this.#tell(
      requireStable ? 'fetch' : 'fetch, stable or not',
      this.#stage.coordinator.offsetFetch(request, this.#client('admin', 9)),
      (response) => {
        const group = response.groups[0];
        const offsets = group?.topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, committedOffset, errorCode }) => {
            const what = errorCode === ErrorCode.NONE ? String(committedOffset) : error(errorCode);
            return `${name}-${partitionIndex}=${what}`;
          }),
        );
        return `offsets: ${group?.errorCode === ErrorCode.NONE ? (offsets?.toSorted().join(' ') ?? '') : error(group?.errorCode ?? 0)}`;
      },
    );
  }

  async deleteOffsets(topic: string): Promise<void> {
    const request = newOffsetDeleteRequest({
      groupId: this.groupId,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
    });
    await this.#tell(
      `delete offsets of ${topic}`,
      this.#stage.coordinator.offsetDelete(request, this.#client('admin', 0)),
      (response) =>
        [
          error(response.errorCode),
          ...response.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => error(errorCode))),
        ].join(', '),
    );
  }

  async describe(version = 6): Promise<void> {
    const request = newDescribeGroupsRequest({ groups: [this.groupId] });
    await this.#tell(
      'describe',
      this.#stage.coordinator.describeGroups(request, this.#client('admin', version)),
      ({ groups }) =>
        groups
          .map((group) => {
            const members = group.members
              .map(
                (member) =>
                  `${this.#nameOf(member.memberId)}(${textOf(member.memberMetadata.subarray(8, -4))}|${textOf(member.memberAssignment)}${member.clientHost})`,
              )
              .toSorted();
            return `${error(group.errorCode)} ${group.groupState} type '${group.protocolType}' protocol '${group.protocolData}' ${group.errorMessage?.replace(this.groupId, 'g') ?? ''} ${members.join(' ')}`.trim();
          })
          .join('; '),
    );
  }

  /** Lists this group if it is among those of the states and types. */
  async list(statesFilter: string[] = [], typesFilter: string[] = []): Promise<void> {
    await this.#tell(
      `list ${[...statesFilter, ...typesFilter].join()}`,
      this.#stage.coordinator.listGroups(
        newListGroupsRequest({ statesFilter, typesFilter }),
        this.#client('admin', 5),
      ),
      (response) =>
        [
          error(response.errorCode),
          ...response.groups
            .filter(({ groupId }) => groupId === this.groupId)
            .map((group) => `${group.protocolType}/${group.groupState}/${group.groupType}`),
        ].join(' '),
    );
  }

  async deleteGroup(): Promise<void> {
    const request = newDeleteGroupsRequest({ groupsNames: [this.groupId] });
    await this.#tell(
      'delete',
      this.#stage.coordinator.deleteGroups(request, this.#client('admin', 2)),
      ({ results }) => `deleted: ${results.map(({ errorCode }) => error(errorCode)).join()}`,
    );
  }

  /** Each story has transactional ids of its own. */
  #transactionalId(producer: string): string {
    return `${this.groupId}-${producer}`;
  }

  #client(name: string, apiVersion: number) {
    return { apiVersion, clientId: name, clientHost: '/127.0.0.1' };
  }

  #member(name: string, { instance, generation, memberId }: MemberOptions) {
    return {
      groupId: this.groupId,
      memberId: memberId ?? this.idOf(name),
      generationId: generation ?? this.#generations.get(name) ?? -1,
      groupInstanceId: instance ?? null,
    };
  }

  #name(memberId: string, name: string): void {
    this.#ids.set(name, memberId);
    if (this.#names.has(memberId)) return;
    const earlier = [...this.#names.values()].filter((other) => other.startsWith(name)).length;
    this.#names.set(memberId, earlier === 0 ? name : `${name}${earlier + 1}`);
  }

  #nameOf(memberId: string): string {
    return this.#names.get(memberId) ?? (memberId === '' ? '-' : 'somebody');
  }

  async #tell<Response>(
    what: string,
    response: Promise<Response>,
    describe: (response: Response) => string,
    note?: (response: Response) => void,
  ): Promise<void> {
    this.#lines.push(what);
    void response.then(
      (answer) => {
        note?.(answer);
        this.#lines.push(() => describe(answer));
      },
      (failure: unknown) => this.#lines.push(() => `${what} failed: ${String(failure)}`),
    );
    await this.#stage.quiet();
  }
}
