// An administrator who changes how everyone else is served: quotas that hold connections back, refuse new ones or are lifted, and codecs that topics
// keep their batches in. None of it may lose, repeat or reorder a record, and in the end nothing holds anyone back.
import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  newAlterClientQuotasRequest,
  newAlterClientQuotasRequestEntityData,
  newAlterClientQuotasRequestEntryData,
  newOpData,
} from '@moldau/protocol/generated/alter-client-quotas.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  newAlterableConfig,
  newAlterConfigsResource,
  newIncrementalAlterConfigsRequest,
} from '@moldau/protocol/generated/incremental-alter-configs.ts';
import { ErrorCode } from '@moldau/protocol';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { ConfigResourceType } from '../../settings/config-resource.ts';
import { untilAnswered, type BrokerConnections } from './broker-connections.ts';
import { between, mayRetry, type World } from './world.ts';

const CODECS = ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'];
const SET = 0;

interface Quota {
  readonly type: string;
  readonly key: string;
  readonly lowest: number;
  readonly highest: number;
}

/** Defaults, so that they concern everyone; low enough to be met, high enough for the run to go on. */
const QUOTAS: readonly Quota[] = [
  { type: 'client-id', key: 'producer_byte_rate', lowest: 500, highest: 20_000 },
  { type: 'user', key: 'producer_byte_rate', lowest: 500, highest: 20_000 },
  { type: 'ip', key: 'connection_creation_rate', lowest: 2, highest: 20 },
];

export class SettingsChurn {
  readonly #world: World;
  readonly #connections: BrokerConnections;
  readonly #topics: readonly string[];
  readonly #random: SeededRandom;
  changes = 0;

  constructor(world: World, connections: BrokerConnections, topics: readonly string[]) {
    this.#world = world;
    this.#connections = connections;
    this.#topics = topics;
    this.#random = world.cluster.random.fork();
  }

  async run(): Promise<void> {
    while (!this.#world.draining) {
      const quota = this.#pick(QUOTAS);
      if (this.#random.chance(0.5)) await this.#compress(this.#pick(this.#topics));
      else await this.#setQuota(quota, between(this.#random, quota.lowest, quota.highest));
      this.changes += 1;
      await this.#world.cluster.sleep(this.#random.integer(300));
    }
    for (const quota of QUOTAS) await this.#setQuota(quota, undefined);
  }

  async #compress(topic: string): Promise<void> {
    const configs = [
      newAlterableConfig({
        name: 'compression.type',
        configOperation: SET,
        value: this.#pick(CODECS),
      }),
    ];
    const resource = newAlterConfigsResource({
      resourceType: ConfigResourceType.TOPIC,
      resourceName: topic,
      configs,
    });
    const message = newIncrementalAlterConfigsRequest({ resources: [resource] });
    await this.#until('IncrementalAlterConfigs', async () => {
      const answer = await this.#connections.request(
        0,
        incrementalAlterConfigsRequest,
        incrementalAlterConfigsResponse,
        message,
        incrementalAlterConfigsRequest.highestVersion,
      );
      return answer.responses[0]!.errorCode;
    });
  }

  async #setQuota({ type, key }: Quota, value: number | undefined): Promise<void> {
    const entry = newAlterClientQuotasRequestEntryData({
      entity: [newAlterClientQuotasRequestEntityData({ entityType: type, entityName: null })],
      ops: [newOpData({ key, value: value ?? 0, remove: value === undefined })],
    });
    const message = newAlterClientQuotasRequest({ entries: [entry] });
    await this.#until('AlterClientQuotas', async () => {
      const answer = await this.#connections.request(
        0,
        alterClientQuotasRequest,
        alterClientQuotasResponse,
        message,
        alterClientQuotasRequest.highestVersion,
      );
      return answer.entries[0]!.errorCode;
    });
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.integer(items.length)] as Item;
  }

  async #until(what: string, attempt: () => Promise<number>): Promise<void> {
    await untilAnswered(
      this.#world.cluster,
      () => this.#world.over,
      async () => {
        const code = await attempt();
        if (code === ErrorCode.NONE) return true;
        return mayRetry(this.#world, what, code) ? undefined : true;
      },
    );
  }
}
