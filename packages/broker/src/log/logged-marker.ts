// A transaction marker as a control batch in the log has it.
import { CompressionError } from '@moldau/protocol/compression/codec.ts';
import { batchProducerEpoch, batchProducerId } from '@moldau/protocol/records/batch-header.ts';
import { readEndTransactionMarker } from '@moldau/protocol/records/control-record.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';

export interface LoggedMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly committed: boolean;
}

/**
 * The marker in the control batch at `at`; undefined when it holds none: compaction has taken the record out once nothing of the transaction was left, or
 * it is a control record of another kind.
 */
export function loggedMarker(bytes: Uint8Array, at: number): LoggedMarker | undefined {
  try {
    const cursor = openBatch(bytes, at);
    if (!cursor.next()) return undefined;
    const marker = readEndTransactionMarker(cursor.key, cursor.value);
    if (marker === undefined) return undefined;
    return {
      producerId: batchProducerId(bytes, at),
      producerEpoch: batchProducerEpoch(bytes, at),
      coordinatorEpoch: marker.coordinatorEpoch,
      committed: marker.type === 'commit',
    };
  } catch (error) {
    // Whole, by its checksum, and yet no marker: the transaction stays open, so that nothing of it is taken for committed.
    if (!(error instanceof RecordError || error instanceof CompressionError)) throw error;
    return undefined;
  }
}
