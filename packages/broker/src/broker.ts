// One broker: its listener, its handlers, its coordinators, over the partitions and the metadata that all brokers of the process share.
import type { Address, Clock, Network, Random } from '@moldau/runtime';
import { GroupCoordinator, type TopicCatalog } from './coordinator/group/group-coordinator.ts';
import { groupSettingsOf } from './coordinator/group/group-settings-of.ts';
import type { TransactionCoordinator } from './coordinator/transaction/transaction-coordinator.ts';
import { FetchSessionCache } from './handlers/fetch/fetch-session-cache.ts';
import { WaitingFetches } from './handlers/fetch/waiting-fetches.ts';
import { allApis } from './handlers/all-apis.ts';
import type { Services } from './handlers/services.ts';
import type { LogStore } from './log/partition-log.ts';
import type { MetadataImage } from './metadata/image.ts';
import { GROUP_METADATA_TOPIC } from './metadata/internal-topics.ts';
import type { MetadataStore } from './metadata/metadata-store.ts';
import { ownRequest } from './own-requests.ts';
import type { Partitions } from './partition/partitions.ts';
import type { OwnConnections } from './peers/own-connections.ts';
import { PeerConnections } from './peers/peer-connections.ts';
import type { Peers } from './peers/peers.ts';
import type { ByteBudget } from './server/byte-budget.ts';
import { ConnectionServer } from './server/connection-server.ts';
import type { ReusedMemory } from './log/reused-memory.ts';
import { Dispatcher } from './server/dispatch.ts';
import { Access } from './security/acls/access.ts';
import { ClientQuotas } from './security/quotas/client-quotas.ts';
import type { MutationQuotas } from './security/quotas/mutation-quotas.ts';
import type { BrokerSettings } from './settings/broker-settings.ts';
import { EffectiveSettings } from './settings/effective-settings.ts';
import type { ClientTelemetry } from './telemetry/client-metrics/client-telemetry.ts';
import type { Logger } from './telemetry/logger.ts';
import { partitionVerifierOfBroker, transactionsOfBroker } from './transactions-of-broker.ts';

export interface BrokerOptions {
  readonly brokerId: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly settings: BrokerSettings;
  readonly metadata: MetadataStore;
  readonly partitions: Partitions;
  readonly logs: LogStore;
  readonly dataFolder: string;
  /** Of all brokers of the process together. */
  readonly mutationQuotas: MutationQuotas;
  /** Bytes of requests in the process, shared by all its brokers. */
  readonly budget: ByteBudget;
  /** For the frames of produce requests, shared likewise. */
  readonly memory: ReusedMemory;
  /** Shared by all brokers of the process. */
  readonly telemetry: ClientTelemetry;
  /** Where a broker of this run is reached by the others; undefined when there is no such broker. */
  addressOf(brokerId: number): Address | undefined;
  /** Those of all brokers of the process. */
  readonly ownConnections: OwnConnections;
  readonly logger: Logger;
}

export class Broker {
  readonly id: number;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly services: Services;
  readonly #peers: Peers;
  readonly #server: ConnectionServer;

  constructor(options: BrokerOptions) {
    const { brokerId, clock, random, settings, metadata, partitions, logs, dataFolder, logger } = options;
    this.id = brokerId;
    const apis = allApis();
    this.#peers = new PeerConnections({
      brokerId,
      network: options.network,
      clock,
      random,
      ownConnections: options.ownConnections,
      addressOf: (id) => options.addressOf(id),
      own: (apiKey, request) => ownRequest(this.services, apis, apiKey, request),
    });
    const partitionVerifier = partitionVerifierOfBroker({ ...options, peers: this.#peers });
    this.groups = new GroupCoordinator({
      clock,
      random,
      settings: groupSettingsOf(settings),
      partitions: groupPartitions(metadata.image, settings),
      topics: topicCatalog(metadata),
      verifier: partitionVerifier,
      onError: (error) =>
        logger.error({ err: error }, 'what the group coordinator decided could not be stored'),
    });
    this.transactions = transactionsOfBroker({
      ...options,
      peers: this.#peers,
      groupPartition: (groupId) => this.groups.partitionFor(groupId),
    });
    const effective = new EffectiveSettings(settings, () => metadata.image, brokerId);
    this.services = {
      brokerId,
      clock,
      random,
      get settings() {
        return effective.current;
      },
      metadata,
      partitions,
      logs,
      dataFolder,
      groups: this.groups,
      transactions: this.transactions,
      partitionVerifier,
      fetchSessions: new FetchSessionCache(settings.maxIncrementalFetchSessionCacheSlots, random),
      waitingFetches: new WaitingFetches(clock, settings.maxWaitingFetches),
      access: new Access(settings, () => metadata.image.acls),
      quotas: new ClientQuotas(() => metadata.image, {
        number: settings.quotaWindowNum,
        sizeMs: settings.quotaWindowSizeSeconds * 1000,
      }),
      mutationQuotas: options.mutationQuotas,
      telemetry: options.telemetry,
      logger,
    };
    const dispatcher = new Dispatcher(this.services, apis);
    this.#server = new ConnectionServer({
      network: options.network,
      ownConnections: options.ownConnections,
      clock,
      settings: () => effective.current,
      dispatcher,
      quotas: this.services.quotas,
      budget: options.budget,
      memory: options.memory,
      logs,
      logger,
    });
  }

  /** Binds the address; connections are refused until `open`. Resolves to the address with its real port. */
  listen(address: Address): Promise<Address> {
    return this.#server.listen(address);
  }

  /** From now on connections are served. */
  open(): void {
    this.#server.open();
  }

  /** Stops taking connections and lets waiting requests go; what was appended is still committed by the logs. */
  async close(): Promise<void> {
    await this.#server.stopListening();
    this.services.waitingFetches.close();
    this.groups.close();
    this.transactions.close();
    this.#peers.close();
    this.#server.close();
  }
}

/** As many as the topic has; before it is made, as many as it will get. */
function groupPartitions(image: MetadataImage, settings: BrokerSettings): number {
  return image.topics.get(GROUP_METADATA_TOPIC)?.partitions.length ?? settings.offsetsTopicNumPartitions;
}

function topicCatalog(metadata: MetadataStore): TopicCatalog {
  return {
    topic(name) {
      const topic = metadata.image.topics.get(name);
      return topic === undefined ? undefined : { id: topic.id, partitions: topic.partitions.length };
    },
    topicName: (id) => metadata.image.topicNamesById.get(id),
  };
}
