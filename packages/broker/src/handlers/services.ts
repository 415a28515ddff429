// What a request handler may use, and what it is told about the request. Handlers are small: the request is decoded already, they call
// one method of a part below and build the answer.
import type { Codec } from '@moldau/protocol';
import type { Clock, Random } from '@moldau/runtime';
import type { GroupCoordinator } from '../coordinator/group/group-coordinator.ts';
import type { PartitionVerifier } from '../coordinator/transaction/partition-verifier.ts';
import type { TransactionCoordinator } from '../coordinator/transaction/transaction-coordinator.ts';
import type { BatchMemory } from '../log/batch-memory.ts';
import type { LogStore } from '../log/partition-log.ts';
import type { MetadataStore } from '../metadata/metadata-store.ts';
import type { Partitions } from '../partition/partitions.ts';
import type { Access } from '../security/acls/access.ts';
import type { ClientQuotas } from '../security/quotas/client-quotas.ts';
import type { MutationQuotas } from '../security/quotas/mutation-quotas.ts';
import type { BrokerSettings } from '../settings/broker-settings.ts';
import type { ClientTelemetry } from '../telemetry/client-metrics/client-telemetry.ts';
import type { Logger } from '../telemetry/logger.ts';
import { guarded, type Guard } from './access/guard.ts';
import type { FetchSessionCache } from './fetch/fetch-session-cache.ts';
import type { WaitingFetches } from './fetch/waiting-fetches.ts';

export interface Services {
  readonly brokerId: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: BrokerSettings;
  readonly metadata: MetadataStore;
  readonly partitions: Partitions;
  readonly logs: LogStore;
  /** Where the data lies, as shown to administrators. */
  readonly dataFolder: string;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  /** Asks the coordinators of transactions, wherever they are. */
  readonly partitionVerifier: PartitionVerifier;
  readonly fetchSessions: FetchSessionCache;
  readonly waitingFetches: WaitingFetches;
  /** What clients may do. */
  readonly access: Access;
  readonly quotas: ClientQuotas;
  /** Shared by all brokers of the process. */
  readonly mutationQuotas: MutationQuotas;
  /** Shared by all brokers of the process. */
  readonly telemetry: ClientTelemetry;
  readonly logger: Logger;
}

/** What is learnt of a connection over all its requests: the same object for each of them. */
export interface ClientConnection {
  /** The client's port. */
  readonly port: number;
  /** As named in ApiVersions (KIP-511); undefined until then, and for older clients. */
  software: { readonly name: string; readonly version: string } | undefined;
}

export interface RequestContext {
  readonly apiVersion: number;
  readonly clientId: string;
  /** The name of the user who sent it. */
  readonly principal: string;
  /** Of the whole request, without its length. */
  readonly requestBytes: number;
  /** The client's address, as `/127.0.0.1`, in Kafka's form. */
  readonly clientHost: string;
  readonly connection: ClientConnection;
  /** What the request's bytes lie in, if that is used again: whoever keeps views of them holds it. Only produce requests have it. */
  readonly memory: BatchMemory | undefined;
  /** The answer tells the client to wait so many ms, and nothing more is taken from it for so long; the longest of several counts. */
  throttle(ms: number): void;
  /**
   * Counts the time this request has taken up to now, and holds the client back if that is too much; says for how many ms. Called for every
   * request with an answer; a handler calls it when its answer depends on it.
   */
  throttleForWork(): number;
  /** Calls back once when the connection is over; the returned function forgets that. */
  onClosed(callback: () => void): () => void;
  /** Calls back once when the answer has left, or will never leave: until then what it refers to must not change. */
  onSent(callback: () => void): void;
}

/** One API: how it is read and written, and what it does. */
export interface Api<Request, Response> {
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  /** What the client may not do of it, where there is an authorizer; without a guard the handler sees to that, or everyone may. */
  readonly guard?: Guard<Request, Response>;
  /**
   * Answers the request. Undefined (at once or as a promise): the client expects no answer.
   * A Kafka outcome is in the response; a throw is a defect and ends the connection.
   */
  handle(
    services: Services,
    context: RequestContext,
    request: Request,
  ): Response | undefined | Promise<Response | undefined>;
}

/** An Api of whichever types: the dispatcher pairs codec and handler, so the types meet again there. */
export type AnyApi = Omit<Api<unknown, unknown>, 'guard'>;

/** Defines an API with its types checked, and forgets them for the table of all APIs. */
export function defineApi<Request, Response>(api: Api<Request, Response>): AnyApi {
  return api.guard === undefined ? api : guarded(api, api.guard);
}
