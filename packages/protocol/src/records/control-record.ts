// Control records: the markers that end a transaction in a partition. A control batch holds one record:
//
//   key     int16 version = 0, int16 type: 0 abort, 1 commit (2 and more: KRaft's own, never in a topic's partition here)
//   value   int16 version = 0, int32 epoch of the transaction coordinator that wrote it

import { BatchBuilder } from './record-writer.ts';
import type { BatchOptions } from './record-writer.ts';
import { RecordError } from './record-error.ts';

export type EndTransactionType = 'abort' | 'commit';

export interface EndTransactionMarker {
  readonly type: EndTransactionType;
  readonly coordinatorEpoch: number;
}

const TYPE_IDS: Readonly<Record<EndTransactionType, number>> = { abort: 0, commit: 1 };
const KEY_SIZE = 4;
const VALUE_SIZE = 6;

export interface EndTransactionOptions extends Pick<BatchOptions, 'baseOffset' | 'leaderEpoch'> {
  readonly type: EndTransactionType;
  readonly coordinatorEpoch: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** ms since 1970. */
  readonly timestamp: number;
}

/** The control batch that ends the transaction of a producer in one partition. */
export function buildEndTransactionBatch(options: EndTransactionOptions): Uint8Array {
  const { type, coordinatorEpoch, timestamp, ...batchOptions } = options;
  const key = new Uint8Array(KEY_SIZE);
  key[3] = TYPE_IDS[type];
  const value = new Uint8Array(VALUE_SIZE);
  new DataView(value.buffer).setInt32(2, coordinatorEpoch);
  const builder = new BatchBuilder({ ...batchOptions, transactional: true, control: true });
  builder.append(timestamp, key, value);
  return builder.build();
}

/**
 * Reads the record of a control batch; undefined when its type is none that ends a transaction. Newer versions may only add fields
 * behind those known, so the version is not looked at unless it is negative.
 * @throws RecordError
 */
export function readEndTransactionMarker(
  key: Uint8Array | null,
  value: Uint8Array | null,
): EndTransactionMarker | undefined {
  if (key === null || key.length < KEY_SIZE)
    throw new RecordError('the key of a control record is too short');
  const keyView = new DataView(key.buffer, key.byteOffset, key.byteLength);
  if (keyView.getInt16(0) < 0) throw new RecordError(`control record of version ${keyView.getInt16(0)}`);
  const typeId = keyView.getInt16(2);
  if (typeId !== TYPE_IDS.abort && typeId !== TYPE_IDS.commit) return undefined;
  if (value === null || value.length < VALUE_SIZE)
    throw new RecordError('the value of a control record is too short');
  const valueView = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (valueView.getInt16(0) < 0)
    throw new RecordError(`transaction marker of version ${valueView.getInt16(0)}`);
  return { type: typeId === TYPE_IDS.commit ? 'commit' : 'abort', coordinatorEpoch: valueView.getInt32(2) };
}
