// The brokers' requests to each other over the network, in Kafka's own protocol: a connection to each broker that was asked for something. What a
// broker asks of itself goes straight to its handler. All brokers are of one version, so that none asks another for its versions.
import type { Codec } from '@moldau/protocol';
import {
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import {
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';
import type { Address, Clock, Network, Random } from '@moldau/runtime';
import type { OwnConnections } from './own-connections.ts';
import { PeerConnection } from './peer-connection.ts';
import { PeerError, type Peers } from './peers.ts';

export interface PeerConnectionsOptions {
  readonly brokerId: number;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly ownConnections: OwnConnections;
  /** Where a broker really listens, which clients may be told otherwise; undefined when there is no such broker. */
  addressOf(brokerId: number): Address | undefined;
  /** Carries out a request of this broker to itself, in its highest version. */
  own(apiKey: number, request: unknown): Promise<unknown>;
  /** How long an answer may take. */
  readonly requestTimeoutMs?: number;
  /** How long a broker that could not be reached is left alone, at first and at most. */
  readonly reconnectBackoffMs?: number;
  readonly reconnectBackoffMaxMs?: number;
}

const REQUEST_TIMEOUT_MS = 30_000;
const RECONNECT_BACKOFF_MS = 50;
const RECONNECT_BACKOFF_MAX_MS = 1_000;

export class PeerConnections implements Peers {
  readonly #options: PeerConnectionsOptions;
  readonly #connections = new Map<number, PeerConnection>();
  #closed = false;

  constructor(options: PeerConnectionsOptions) {
    this.#options = options;
  }

  writeTxnMarkers(brokerId: number, request: WriteTxnMarkersRequest): Promise<WriteTxnMarkersResponse> {
    return this.#request(brokerId, writeTxnMarkersRequest, writeTxnMarkersResponse, request);
  }

  addPartitionsToTxn(
    brokerId: number,
    request: AddPartitionsToTxnRequest,
  ): Promise<AddPartitionsToTxnResponse> {
    return this.#request(brokerId, addPartitionsToTxnRequest, addPartitionsToTxnResponse, request);
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  async #request<Request, Response>(
    brokerId: number,
    request: Codec<Request>,
    response: Codec<Response>,
    message: Request,
  ): Promise<Response> {
    if (this.#closed) throw new PeerError('CLOSED', 'this broker stops');
    if (brokerId === this.#options.brokerId) {
      try {
        return (await this.#options.own(request.apiKey, message)) as Response;
      } catch (error) {
        throw new PeerError('UNREACHABLE', 'this broker failed to answer itself', { cause: error });
      }
    }
    return this.#to(brokerId).request(request, response, message);
  }

  #to(brokerId: number): PeerConnection {
    let connection = this.#connections.get(brokerId);
    if (connection === undefined) {
      const { network, clock, random, brokerId: own } = this.#options;
      connection = new PeerConnection({
        ownConnections: this.#options.ownConnections,
        network,
        clock,
        random,
        clientId: `broker-${own}`,
        address: () => this.#options.addressOf(brokerId),
        requestTimeoutMs: this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
        reconnectBackoffMs: this.#options.reconnectBackoffMs ?? RECONNECT_BACKOFF_MS,
        reconnectBackoffMaxMs: this.#options.reconnectBackoffMaxMs ?? RECONNECT_BACKOFF_MAX_MS,
      });
      this.#connections.set(brokerId, connection);
    }
    return connection;
  }
}
