// A group coordinator in a world that tests control: time, topics, and a log per partition that becomes durable when they say so.
import { setImmediate } from 'node:timers/promises';
import type { Codec } from '@moldau/protocol/codec.ts';
import { Reader } from '@moldau/protocol/reader.ts';
import { Writer } from '@moldau/protocol/writer.ts';
import {
  joinGroupRequest,
  joinGroupResponse,
  newJoinGroupRequest,
} from '@moldau/protocol/generated/join-group.ts';
import { syncGroupRequest, syncGroupResponse } from '@moldau/protocol/generated/sync-group.ts';
import { heartbeatRequest, heartbeatResponse } from '@moldau/protocol/generated/heartbeat.ts';
import { leaveGroupRequest, leaveGroupResponse } from '@moldau/protocol/generated/leave-group.ts';
import { offsetCommitRequest, offsetCommitResponse } from '@moldau/protocol/generated/offset-commit.ts';
import { offsetFetchRequest, offsetFetchResponse } from '@moldau/protocol/generated/offset-fetch.ts';
import { offsetDeleteRequest, offsetDeleteResponse } from '@moldau/protocol/generated/offset-delete.ts';
import { describeGroupsRequest, describeGroupsResponse } from '@moldau/protocol/generated/describe-groups.ts';
import { listGroupsRequest, listGroupsResponse } from '@moldau/protocol/generated/list-groups.ts';
import { deleteGroupsRequest, deleteGroupsResponse } from '@moldau/protocol/generated/delete-groups.ts';
import type { JoinGroupRequest, JoinGroupResponse } from '@moldau/protocol/generated/join-group.ts';
import {
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
} from '@moldau/protocol/generated/txn-offset-commit.ts';
import type { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import type { TransactionMarker } from '../../partition/transaction-marker.ts';
import { MemoryCoordinatorLog } from '../memory-coordinator-log.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import type { ClientContext } from './group-coordinator.ts';
import { DEFAULT_GROUP_SETTINGS } from './group-settings.ts';
import type { GroupSettings } from './group-settings.ts';
import { subscription } from './group-transcript.ts';
import { ScriptedTransactions } from './scripted-transactions.ts';
import type { AnyCoordinator, Stage } from './group-transcript.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const PARTITION = 0;

export class CoordinatorWorld {
  readonly clock = new SimulatedClock();
  readonly errors: unknown[] = [];
  settings: GroupSettings;
  /** What a stage appends is durable at once. */
  settlesAtOnce = true;
  /** By name. */
  readonly topics = new Map<string, { id: string; partitions: number }>([
    ['orders', { id: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: 3 }],
    ['payments', { id: 'AAAAAAAAAAAAAAAAAAAAAg', partitions: 3 }],
  ]);
  readonly transactions = new ScriptedTransactions(
    () => PARTITION,
    (partition, marker) => this.#complete(partition, marker),
  );
  log = new MemoryCoordinatorLog();
  coordinator: GroupCoordinator;
  #epoch = 0;

  private constructor(settings: Partial<GroupSettings>) {
    this.settings = { ...DEFAULT_GROUP_SETTINGS, ...settings };
    this.coordinator = this.#create();
  }

  static async start(settings: Partial<GroupSettings> = {}): Promise<CoordinatorWorld> {
    const world = new CoordinatorWorld(settings);
    await world.#lead();
    return world;
  }

  /** The process dies; the next one finds what was durable. */
  async restart(settings: Partial<GroupSettings> = {}): Promise<void> {
    this.coordinator.close();
    this.settings = { ...this.settings, ...settings };
    this.log = this.log.restarted();
    this.coordinator = this.#create();
    await this.#lead();
  }

  client(apiVersion: number, clientId = 'client'): ClientContext {
    return { apiVersion, clientId, clientHost: '/127.0.0.1' };
  }

  /** Lets promises settle. */
  async settle(): Promise<void> {
    await setImmediate();
  }

  /** Makes all that is appended durable, now and for what follows of it. */
  async durably<Response>(response: Promise<Response>): Promise<Response> {
    this.log.settle();
    await this.settle();
    return response;
  }

  /** Time passes; what timers decide becomes durable. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.log.settle();
    await this.settle();
  }

  join(request: Partial<JoinGroupRequest>, apiVersion = 9): Promise<JoinGroupResponse> {
    return this.coordinator.joinGroup(
      newJoinGroupRequest({
        groupId: 'g',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 60_000,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: subscription('orders') }],
        ...request,
      }),
      this.client(apiVersion),
    );
  }

  /** The first member of a new group: both joins, and the initial delay. */
  async joinAlone(groupId: string, _clientId: string): Promise<JoinGroupResponse> {
    const { memberId } = await this.durably(this.join({ groupId }));
    const joined = this.join({ groupId, memberId });
    await this.advance(this.settings.initialRebalanceDelayMs);
    return joined;
  }

  /** The world for a transcript. Requests and responses go through bytes, as on the wire. */
  stage(): Stage {
    return {
      coordinator: overTheWire(() => this.coordinator),
      quiet: async () => {
        // A transactional commit asks first and appends then.
        await this.settle();
        if (this.settlesAtOnce) this.log.settle();
        await this.settle();
      },
      pass: (ms) => this.advance(ms),
      timeScale: 1,
      transactions: this.transactions,
    };
  }

  #create(): GroupCoordinator {
    return new GroupCoordinator({
      clock: this.clock,
      random: new SeededRandom(7),
      settings: this.settings,
      partitions: 1,
      topics: {
        topic: (name) => this.topics.get(name),
        topicName: (id) => [...this.topics].find(([, topic]) => topic.id === id)?.[0],
      },
      verifier: this.transactions,
      onError: (error) => this.errors.push(error),
    });
  }

  #complete(partition: number, marker: TransactionMarker): Promise<ErrorCode> {
    const completed = this.coordinator.completeTransaction(partition, marker);
    if (this.settlesAtOnce) this.log.settle();
    return completed;
  }

  #lead(): Promise<void> {
    return this.coordinator.onLeader(PARTITION, ++this.#epoch, this.log);
  }
}

/** The coordinator behind the encodings of each version: what a version cannot carry does not arrive. */
function overTheWire(coordinator: () => GroupCoordinator): AnyCoordinator {
  const trip =
    <Request, Response>(
      request: Codec<Request>,
      response: Codec<Response>,
      handle: (message: Request, client: ClientContext) => Promise<Response>,
    ) =>
    async (message: Request, client: ClientContext): Promise<Response> =>
      copyOf(response, await handle(copyOf(request, message, client), client), client);
  return {
    joinGroup: trip(joinGroupRequest, joinGroupResponse, (message, client) =>
      coordinator().joinGroup(message, client),
    ),
    syncGroup: trip(syncGroupRequest, syncGroupResponse, (message, client) =>
      coordinator().syncGroup(message, client),
    ),
    heartbeat: trip(heartbeatRequest, heartbeatResponse, (message, client) =>
      coordinator().heartbeat(message, client),
    ),
    leaveGroup: trip(leaveGroupRequest, leaveGroupResponse, (message, client) =>
      coordinator().leaveGroup(message, client),
    ),
    offsetCommit: trip(offsetCommitRequest, offsetCommitResponse, (message, client) =>
      coordinator().offsetCommit(message, client),
    ),
    offsetFetch: trip(offsetFetchRequest, offsetFetchResponse, (message, client) =>
      coordinator().offsetFetch(message, client),
    ),
    offsetDelete: trip(offsetDeleteRequest, offsetDeleteResponse, (message, client) =>
      coordinator().offsetDelete(message, client),
    ),
    describeGroups: trip(describeGroupsRequest, describeGroupsResponse, (message, client) =>
      coordinator().describeGroups(message, client),
    ),
    listGroups: trip(listGroupsRequest, listGroupsResponse, (message, client) =>
      coordinator().listGroups(message, client),
    ),
    txnOffsetCommit: trip(txnOffsetCommitRequest, txnOffsetCommitResponse, (message, client) =>
      coordinator().txnOffsetCommit(message, client),
    ),
    deleteGroups: trip(deleteGroupsRequest, deleteGroupsResponse, (message, client) =>
      coordinator().deleteGroups(message, client),
    ),
  };
}

function copyOf<Message>(codec: Codec<Message>, message: Message, { apiVersion }: ClientContext): Message {
  const writer = new Writer();
  codec.encode(writer, message, apiVersion);
  return codec.decode(new Reader(writer.toBytes()), apiVersion);
}
