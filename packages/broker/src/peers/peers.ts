// Requests from one broker to another, the few that the brokers' own protocol needs: transaction markers to the leaders of partitions, and partitions
// of a transaction to its coordinator. A broker may be asked by itself: that takes no connection.
//
// Must stay true: a request may be sent again after a failure, since both APIs are idempotent; whoever waits gets an answer or a PeerError, never
// neither.
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import type {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';

export interface Peers {
  /** @throws PeerError (rejects) */
  writeTxnMarkers(brokerId: number, request: WriteTxnMarkersRequest): Promise<WriteTxnMarkersResponse>;
  /** In version 4 or later: several transactions, to be verified or added. @throws PeerError (rejects) */
  addPartitionsToTxn(
    brokerId: number,
    request: AddPartitionsToTxnRequest,
  ): Promise<AddPartitionsToTxnResponse>;
  /** Ends every connection; requests that wait are rejected. */
  close(): void;
}

/**
 * - `UNKNOWN_BROKER`  the metadata has no broker of that id
 * - `UNREACHABLE`     no connection, or it ended before the answer came: the request may have been carried out
 * - `TIMED_OUT`       no answer in time: likewise
 * - `CLOSED`          this broker stops
 */
export type PeerErrorCode = 'UNKNOWN_BROKER' | 'UNREACHABLE' | 'TIMED_OUT' | 'CLOSED';

export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly code: PeerErrorCode;
  constructor(code: PeerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
