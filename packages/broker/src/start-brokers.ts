// The composition root: everything a process of Moldau consists of, put together in the order in which it may start, and taken apart in
// the order in which nothing acknowledged is lost.
//
//   data folder (lock, version) -> metadata -> logs (recovery) -> ports -> brokers of this run -> partitions -> coordinators -> open
//
// Must stay true: no request is served before all of it has recovered; a failure on the way gives back what was taken.
import type { Address, Clock, Disk, Network, Random } from '@moldau/runtime';
import { Broker } from './broker.ts';
import { CoordinatorPlacement } from './coordinator-placement.ts';
import { openDataFolder } from './data-folder.ts';
import { openLocalLogStore } from './log/local/local-log-store.ts';
import type { LogStore } from './log/partition-log.ts';
import { brokersForRun } from './metadata/brokers-for-run.ts';
import { openLocalMetadataStore } from './metadata/local/local-metadata-store.ts';
import type { MetadataStore } from './metadata/metadata-store.ts';
import { newClusterId } from './metadata/new-id.ts';
import { Partitions } from './partition/partitions.ts';
import { Recompressor } from './partition/recompressor.ts';
import { OwnConnections } from './peers/own-connections.ts';
import { MutationQuotas } from './security/quotas/mutation-quotas.ts';
import { ByteBudget } from './server/byte-budget.ts';
import { ReusedMemory } from './log/reused-memory.ts';
import { ClientMetricsSubscriptions, defaultPushIntervalMs } from './settings/client-metrics-config.ts';
import type { BrokerSettings } from './settings/broker-settings.ts';
import { EffectiveSettings } from './settings/effective-settings.ts';
import type { ClientMetrics } from './telemetry/client-metrics/client-metrics.ts';
import { ClientTelemetry } from './telemetry/client-metrics/client-telemetry.ts';
import type { Logger } from './telemetry/logger.ts';

/** Memory kept for the frames to come, in bytes. */
const IDLE_FRAME_BYTES = 16 * 1024 * 1024;

export interface StartOptions {
  readonly runtime: {
    readonly clock: Clock;
    readonly random: Random;
    readonly disk: Disk;
    readonly network: Network;
    /** False where there are no other threads, as in a simulated world: all compression is done on the event loop then. */
    readonly threads?: false;
  };
  /** Where the data lies; made if missing. */
  readonly folder: string;
  /** Where the first broker listens; the others take the next ports (with port 0, any free ones). */
  readonly listen: Address;
  readonly brokers: number;
  /** `fsync`: acknowledged means durable. `os`: acknowledged means handed to the operating system. */
  readonly durability: 'fsync' | 'os';
  readonly settings: BrokerSettings;
  readonly logger: Logger;
  /** The storage has failed for good: the process must end and recover at its next start. */
  readonly onFatal: (reason: Error) => void;
}

export interface RunningBrokers {
  /** Where each broker listens, in order of its id. */
  readonly addresses: readonly Address[];
  readonly brokers: readonly Broker[];
  /** What clients have pushed of their metrics (KIP-714). */
  readonly clientMetrics: ClientMetrics;
  /** Stops in order: no new requests, what was appended is committed, files are closed, the folder is given up. */
  stop(): Promise<void>;
}

/**
 * Starts `brokers` brokers over one data folder. Resolves when all of them answer.
 * @throws DataFolderError, MetadataError, LogError, DiskError, or the reason why a port cannot be had; nothing runs then
 */
export async function startBrokers(options: StartOptions): Promise<RunningBrokers> {
  const { runtime, settings, logger } = options;
  const undo: (() => Promise<void>)[] = [];
  try {
    const folder = await openDataFolder(runtime.disk, options.folder);
    undo.push(() => folder.release());
    const metadata = await openLocalMetadataStore({
      disk: runtime.disk,
      folder: folder.metadata,
      logger,
      onFatal: options.onFatal,
      snapshotAfterBytes: settings.metadataSnapshotAfterBytes,
    });
    undo.push(() => metadata.close());
    const now = new EffectiveSettings(settings, () => metadata.image, settings.nodeId);
    const logs = await openLocalLogStore({
      disk: runtime.disk,
      clock: runtime.clock,
      folder: folder.logs,
      settings: {
        durability: options.durability,
        retentionCheckIntervalMs: settings.logRetentionCheckIntervalMs,
      },
      cleaner: () => now.current.cleaner,
      logger,
      onFatal: options.onFatal,
    });
    undo.push(() => logs.close());
    const partitions = new Partitions({
      metadata,
      logs,
      settings,
      clock: runtime.clock,
      recompressor: new Recompressor(runtime.threads === false ? Infinity : undefined),
      logger,
    });
    undo.push(async () => partitions.close());
    const telemetry = clientTelemetry(options, metadata);
    const reached = new Map<number, Address>();
    const brokers = createBrokers(options, metadata, partitions, logs, folder.logs, telemetry, reached);
    const addresses = await listen(brokers, options.listen, undo);
    for (const [i, broker] of brokers.entries()) reached.set(broker.id, fromInside(addresses[i] as Address));
    await registerRun(options, metadata, brokers, addresses);
    await partitions.start();
    const placement = new CoordinatorPlacement(brokers, metadata, partitions, logger);
    undo.push(async () => placement.close());
    for (const broker of brokers) broker.open();
    return { addresses, brokers, clientMetrics: telemetry.metrics, stop: () => unwind(undo) };
  } catch (error) {
    await unwind(undo).catch((also: unknown) =>
      logger.error({ err: also }, 'the failed start could not be undone'),
    );
    throw error;
  }
}

/** Calls what was collected, last first; all of it, even when some fails. */
async function unwind(undo: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0)
    throw failures.length === 1
      ? failures[0]
      : new AggregateError(failures, 'several parts could not be stopped');
}

function createBrokers(
  options: StartOptions,
  metadata: MetadataStore,
  partitions: Partitions,
  logs: LogStore,
  dataFolder: string,
  telemetry: ClientTelemetry,
  reached: ReadonlyMap<number, Address>,
): Broker[] {
  const { clock, random, network } = options.runtime;
  const { settings, logger } = options;
  const budget = new ByteBudget(settings.queuedMaxRequestBytes);
  const memory = new ReusedMemory(IDLE_FRAME_BYTES);
  const mutationWindows = {
    number: settings.controllerQuotaWindowNum,
    sizeMs: settings.controllerQuotaWindowSizeSeconds * 1000,
  };
  const ownConnections = new OwnConnections();
  const mutationQuotas = new MutationQuotas(() => metadata.image, mutationWindows, clock);
  return Array.from(
    { length: options.brokers },
    (_, i) =>
      new Broker({
        brokerId: settings.nodeId + i,
        clock,
        random,
        network,
        settings,
        metadata,
        partitions,
        logs,
        dataFolder,
        mutationQuotas,
        ownConnections,
        budget,
        memory,
        telemetry,
        addressOf: (id) => reached.get(id),
        logger,
      }),
  );
}

function clientTelemetry({ runtime, logger }: StartOptions, metadata: MetadataStore): ClientTelemetry {
  const subscriptions = new ClientMetricsSubscriptions(() => metadata.image);
  return new ClientTelemetry({
    clock: runtime.clock,
    logger,
    subscriptions: () => subscriptions.current,
    defaultIntervalMs: defaultPushIntervalMs(),
  });
}

async function listen(
  brokers: readonly Broker[],
  first: Address,
  undo: (() => Promise<void>)[],
): Promise<Address[]> {
  const addresses: Address[] = [];
  for (const [i, broker] of brokers.entries()) {
    undo.push(() => broker.close());
    addresses.push(await broker.listen({ host: first.host, port: first.port === 0 ? 0 : first.port + i }));
  }
  return addresses;
}

/** Where a broker is reached from its own machine: who listens everywhere, listens here. */
function fromInside({ host, port }: Address): Address {
  if (host === '0.0.0.0') return { host: '127.0.0.1', port };
  return host === '::' || host === '' ? { host: '::1', port } : { host, port };
}

/** Makes the cluster if it is new, and tells the metadata which brokers there are in this run. */
async function registerRun(
  options: StartOptions,
  metadata: MetadataStore,
  brokers: readonly Broker[],
  addresses: readonly Address[],
): Promise<void> {
  const { settings, runtime } = options;
  const registered = brokers.map((broker, i) => {
    const address = addresses[i] as Address;
    const advertised =
      i === 0 || settings.advertisedListener === undefined
        ? settings.advertisedListener
        : { ...settings.advertisedListener, port: settings.advertisedListener.port + i };
    return {
      id: broker.id,
      host: advertised?.host ?? address.host,
      port: advertised?.port ?? address.port,
      rack: settings.brokerRack,
    };
  });
  await metadata.propose((image) => {
    const created =
      image.clusterId === ''
        ? [{ kind: 'cluster-created' as const, clusterId: newClusterId(runtime.random) }]
        : [];
    return {
      changes: [
        ...created,
        ...brokersForRun(image, registered, { rebalance: settings.autoLeaderRebalanceEnable }),
      ],
      answer: undefined,
    };
  });
}
