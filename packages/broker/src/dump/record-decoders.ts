// Reads the records of the broker's own topics, and of the controllers' log, as what they mean.
//
//   key     int16 kind, then the key's fields        offsets, groups, transactions, share groups
//   value   int16 version, then the value's fields
//
// The controllers' log has no keys; its values are framed (metadata-record.ts).
//
// Must stay true: a record that cannot be read is still printed, with the reason.
import { DecodeError, isZeroUuid, Reader, UUID_LENGTH, uuidToString, type Codec } from '@moldau/protocol';
import {
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
} from '@moldau/protocol/generated/records/consumer-group-current-member-assignment.ts';
import {
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
} from '@moldau/protocol/generated/records/consumer-group-member-metadata.ts';
import {
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
} from '@moldau/protocol/generated/records/consumer-group-metadata.ts';
import {
  consumerGroupPartitionMetadataKey,
  consumerGroupPartitionMetadataValue,
} from '@moldau/protocol/generated/records/consumer-group-partition-metadata.ts';
import {
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
} from '@moldau/protocol/generated/records/consumer-group-regular-expression.ts';
import {
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
} from '@moldau/protocol/generated/records/consumer-group-target-assignment-member.ts';
import {
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
} from '@moldau/protocol/generated/records/consumer-group-target-assignment-metadata.ts';
import { groupMetadataKey, groupMetadataValue } from '@moldau/protocol/generated/records/group-metadata.ts';
import {
  legacyOffsetCommitKey,
  legacyOffsetCommitValue,
} from '@moldau/protocol/generated/records/legacy-offset-commit.ts';
import { offsetCommitKey, offsetCommitValue } from '@moldau/protocol/generated/records/offset-commit.ts';
import {
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
} from '@moldau/protocol/generated/records/share-group-current-member-assignment.ts';
import {
  shareGroupMemberMetadataKey,
  shareGroupMemberMetadataValue,
} from '@moldau/protocol/generated/records/share-group-member-metadata.ts';
import {
  shareGroupMetadataKey,
  shareGroupMetadataValue,
} from '@moldau/protocol/generated/records/share-group-metadata.ts';
import {
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
} from '@moldau/protocol/generated/records/share-group-state-partition-metadata.ts';
import {
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
} from '@moldau/protocol/generated/records/share-group-target-assignment-member.ts';
import {
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
} from '@moldau/protocol/generated/records/share-group-target-assignment-metadata.ts';
import { shareSnapshotKey, shareSnapshotValue } from '@moldau/protocol/generated/records/share-snapshot.ts';
import { shareUpdateKey, shareUpdateValue } from '@moldau/protocol/generated/records/share-update.ts';
import {
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
} from '@moldau/protocol/generated/records/streams-group-current-member-assignment.ts';
import {
  streamsGroupMemberMetadataKey,
  streamsGroupMemberMetadataValue,
} from '@moldau/protocol/generated/records/streams-group-member-metadata.ts';
import {
  streamsGroupMetadataKey,
  streamsGroupMetadataValue,
} from '@moldau/protocol/generated/records/streams-group-metadata.ts';
import {
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
} from '@moldau/protocol/generated/records/streams-group-target-assignment-member.ts';
import {
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
} from '@moldau/protocol/generated/records/streams-group-target-assignment-metadata.ts';
import {
  streamsGroupTopologyKey,
  streamsGroupTopologyValue,
} from '@moldau/protocol/generated/records/streams-group-topology.ts';
import {
  transactionLogKey,
  transactionLogValue,
} from '@moldau/protocol/generated/records/transaction-log.ts';
import { readMetadataRecord } from '@moldau/protocol/records/metadata-record.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import type { DumpValue } from './dump-row.ts';

/** Whose records a file holds. `none`: an application's. */
export type RecordDecoder = 'none' | 'offsets' | 'transactions' | 'share-state' | 'metadata';

/** The decoder of a topic's records. */
export function decoderOfTopic(topic: string): RecordDecoder {
  return TOPICS[topic] ?? 'none';
}

const TOPICS: Readonly<Record<string, RecordDecoder>> = {
  __consumer_offsets: 'offsets',
  __transaction_state: 'transactions',
  __share_group_state: 'share-state',
  __cluster_metadata: 'metadata',
};

type AnyCodec = Pick<Codec<unknown>, 'name' | 'decode'>;
type Kinds = ReadonlyMap<number, readonly [key: AnyCodec, value: AnyCodec]>;

const GROUPS: Kinds = new Map<number, readonly [AnyCodec, AnyCodec]>([
  [0, [legacyOffsetCommitKey, legacyOffsetCommitValue]],
  [1, [offsetCommitKey, offsetCommitValue]],
  [2, [groupMetadataKey, groupMetadataValue]],
  [3, [consumerGroupMetadataKey, consumerGroupMetadataValue]],
  [4, [consumerGroupPartitionMetadataKey, consumerGroupPartitionMetadataValue]],
  [5, [consumerGroupMemberMetadataKey, consumerGroupMemberMetadataValue]],
  [6, [consumerGroupTargetAssignmentMetadataKey, consumerGroupTargetAssignmentMetadataValue]],
  [7, [consumerGroupTargetAssignmentMemberKey, consumerGroupTargetAssignmentMemberValue]],
  [8, [consumerGroupCurrentMemberAssignmentKey, consumerGroupCurrentMemberAssignmentValue]],
  [10, [shareGroupMemberMetadataKey, shareGroupMemberMetadataValue]],
  [11, [shareGroupMetadataKey, shareGroupMetadataValue]],
  [12, [shareGroupTargetAssignmentMetadataKey, shareGroupTargetAssignmentMetadataValue]],
  [13, [shareGroupTargetAssignmentMemberKey, shareGroupTargetAssignmentMemberValue]],
  [14, [shareGroupCurrentMemberAssignmentKey, shareGroupCurrentMemberAssignmentValue]],
  [15, [shareGroupStatePartitionMetadataKey, shareGroupStatePartitionMetadataValue]],
  [16, [consumerGroupRegularExpressionKey, consumerGroupRegularExpressionValue]],
  [17, [streamsGroupMetadataKey, streamsGroupMetadataValue]],
  [19, [streamsGroupMemberMetadataKey, streamsGroupMemberMetadataValue]],
  [20, [streamsGroupTargetAssignmentMetadataKey, streamsGroupTargetAssignmentMetadataValue]],
  [21, [streamsGroupTargetAssignmentMemberKey, streamsGroupTargetAssignmentMemberValue]],
  [22, [streamsGroupCurrentMemberAssignmentKey, streamsGroupCurrentMemberAssignmentValue]],
  [23, [streamsGroupTopologyKey, streamsGroupTopologyValue]],
]);

const TRANSACTIONS: Kinds = new Map<number, readonly [AnyCodec, AnyCodec]>([
  [0, [transactionLogKey, transactionLogValue]],
]);

const SHARE_STATE: Kinds = new Map<number, readonly [AnyCodec, AnyCodec]>([
  [0, [shareSnapshotKey, shareSnapshotValue]],
  [1, [shareUpdateKey, shareUpdateValue]],
]);

export interface DecodedRecord {
  /** Kafka's name of the record, e.g. `OffsetCommit`. */
  readonly type: string;
  readonly key: DumpValue;
  /** Null: a tombstone. */
  readonly value: DumpValue;
}

/** What the record says, or why that cannot be told. */
export function decodeRecord(
  decoder: Exclude<RecordDecoder, 'none'>,
  key: Uint8Array | null,
  value: Uint8Array | null,
): DecodedRecord | { readonly problem: string } {
  try {
    if (decoder === 'metadata') {
      const { name, version, message } = readMetadataRecord(value);
      return { type: name, key: null, value: { version, ...fieldsOf(message ?? {}) } };
    }
    return keyed(
      decoder === 'offsets' ? GROUPS : decoder === 'transactions' ? TRANSACTIONS : SHARE_STATE,
      key,
      value,
    );
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof RecordError)) throw error;
    return { problem: error.message };
  }
}

function keyed(
  kinds: Kinds,
  key: Uint8Array | null,
  value: Uint8Array | null,
): DecodedRecord | { readonly problem: string } {
  if (key === null) return { problem: 'it has no key' };
  const keyReader = new Reader(key);
  const kind = keyReader.int16('kind');
  const codecs = kinds.get(kind);
  if (codecs === undefined) return { problem: `its kind ${kind} is not known` };
  const [keyCodec, valueCodec] = codecs;
  const type = keyCodec.name.replace(/Key$/, '');
  // The kind stands where a version would: a key has one version.
  const decodedKey = fieldsOf(keyCodec.decode(keyReader, 0) as object);
  if (value === null) return { type, key: decodedKey, value: null };
  const valueReader = new Reader(value);
  const version = valueReader.int16('version');
  return {
    type,
    key: decodedKey,
    value: { version, ...fieldsOf(valueCodec.decode(valueReader, version) as object) },
  };
}

/** The fields of a message as values to print. */
function fieldsOf(message: object): Record<string, DumpValue> {
  const fields: Record<string, DumpValue> = {};
  for (const [name, field] of Object.entries(message) as [string, unknown][]) {
    const empty = Array.isArray(field) && field.length === 0;
    if (name !== 'unknownTaggedFields' || !empty) fields[name] = valueOf(name, field);
  }
  return fields;
}

function valueOf(name: string, value: unknown): DumpValue {
  if (value instanceof Uint8Array) {
    if (value.length !== UUID_LENGTH || !/(Id|Ids|directories)$/i.test(name)) return value;
    return isZeroUuid(value) ? null : uuidToString(value);
  }
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map((each) => valueOf(name, each));
  if (typeof value === 'object' && value !== null) return fieldsOf(value);
  return value as string | number | boolean | null;
}
