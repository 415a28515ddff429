// A group coordinator in a world that tests control: time, topics, and a log per partition that becomes durable when they say so.
import { setImmediate } from 'node:timers/promises';
import { newJoinGroupRequest } from '@moldau/protocol/generated/join-group.ts';
import type { JoinGroupRequest, JoinGroupResponse } from '@moldau/protocol/generated/join-group.ts';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { MemoryCoordinatorLog } from '../memory-coordinator-log.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import type { ClientContext } from './group-coordinator.ts';
import { DEFAULT_GROUP_SETTINGS } from './group-settings.ts';
import type { GroupSettings } from './group-settings.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The metadata of a consumer that subscribes to the topics: ConsumerProtocolSubscription version 0. */
export function subscription(...topics: string[]): Uint8Array {
  const parts = topics.flatMap((topic) => [0, topic.length, ...bytes(topic)]);
  return Uint8Array.from([0, 0, 0, 0, 0, topics.length, ...parts, 255, 255, 255, 255]);
}

const PARTITION = 0;

export class CoordinatorWorld {
  readonly clock = new SimulatedClock();
  readonly errors: unknown[] = [];
  readonly settings: GroupSettings;
  /** By name. Their ids are their names, padded. */
  readonly topics = new Map<string, { id: string; partitions: number }>([
    ['orders', { id: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: 3 }],
  ]);
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
  async restart(): Promise<void> {
    this.coordinator.close();
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
      onError: (error) => this.errors.push(error),
    });
  }

  #lead(): Promise<void> {
    return this.coordinator.onLeader(PARTITION, ++this.#epoch, this.log);
  }
}
