// The records of groups in `__consumer_offsets`, in Kafka's own layouts, so that Kafka's tools read them and Kafka's own partitions can be taken over.
//
//   key    type int16 | ...                       value   version int16 | ...
//   0, 1   group, topic, partition                OffsetCommitValue    written as v4 (v1 when the client asked for an expiry, as Kafka does)
//   2      group                                  GroupMetadataValue   written as v3
//
// A null value deletes what the key names. Keys of other types belong to other kinds of groups and are left alone.
import type { Codec } from '@moldau/protocol/codec.ts';
import {
  groupMetadataKey,
  groupMetadataType,
  groupMetadataValue,
  newMemberMetadata,
} from '@moldau/protocol/generated/records/group-metadata.ts';
import type { GroupMetadataValue } from '@moldau/protocol/generated/records/group-metadata.ts';
import {
  offsetCommitKey,
  offsetCommitType,
  offsetCommitValue,
} from '@moldau/protocol/generated/records/offset-commit.ts';
import type { OffsetCommitValue } from '@moldau/protocol/generated/records/offset-commit.ts';
import { Reader } from '@moldau/protocol/reader.ts';
import { isZeroUuid, uuidFromString, uuidToString, ZERO_UUID } from '@moldau/protocol/uuid.ts';
import { Writer } from '@moldau/protocol/writer.ts';
import type { CoordinatorRecord } from '../coordinator-log.ts';
import { emptyGroup, memberMetadata } from './classic-group.ts';
import type { ClassicGroup, ClassicMember } from './classic-group.ts';
import { GroupMembers } from './group-members.ts';
import type { CommittedOffset } from './committed-offsets.ts';
import { subscribedTopics } from './consumer-subscription.ts';

/** Offsets of before Kafka 0.8.2: the same layout under another type. */
const LEGACY_OFFSET_COMMIT_TYPE = 0;
const KEY_VERSION = 0;
const GROUP_VALUE_VERSION = 3;
/** Keys, and offsets, fit; groups grow. */
const INITIAL_BYTES = 128;
const OFFSET_VALUE_VERSION = 4;
/** The only version that can say when the offset expires. */
const EXPIRING_OFFSET_VALUE_VERSION = 1;

/** What a record says. */
export type GroupRecord =
  /** The group became this; undefined: it is gone. */
  | { readonly kind: 'group'; readonly groupId: string; readonly group: ClassicGroup | undefined }
  | OffsetRecord
  | { readonly kind: 'other'; readonly type: number };

/** The offset was committed; undefined: it is gone. */
export interface OffsetRecord {
  readonly kind: 'offset';
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: Omit<CommittedOffset, 'recordOffset'> | undefined;
}

/** The group as it outlives a restart. */
export const groupMetadataRecord = (group: ClassicGroup): CoordinatorRecord => ({
  key: groupKey(group.groupId),
  value: encode(groupMetadataValue, GROUP_VALUE_VERSION, GROUP_VALUE_VERSION, {
    protocolType: group.protocolType ?? '',
    generation: group.generationId,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateTimestampMs,
    members: [...group.members.values()].map((member) =>
      newMemberMetadata({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: memberMetadata(member, group.protocolName),
        assignment: member.assignment,
      }),
    ),
  }),
});

export const groupTombstone = (groupId: string): CoordinatorRecord => ({
  key: groupKey(groupId),
  value: null,
});

export function offsetRecord(
  groupId: string,
  topic: string,
  partition: number,
  offset: Omit<CommittedOffset, 'recordOffset'>,
): CoordinatorRecord {
  const version = offset.expireTimestampMs === -1 ? OFFSET_VALUE_VERSION : EXPIRING_OFFSET_VALUE_VERSION;
  const value: OffsetCommitValue = {
    offset: offset.offset,
    leaderEpoch: offset.leaderEpoch,
    metadata: offset.metadata,
    commitTimestamp: offset.commitTimestampMs,
    expireTimestamp: offset.expireTimestampMs,
    topicId: offset.topicId === undefined ? ZERO_UUID : uuidFromString(offset.topicId),
  };
  return {
    key: offsetKey(groupId, topic, partition),
    value: encode(offsetCommitValue, version, version, value),
  };
}

export const offsetTombstone = (groupId: string, topic: string, partition: number): CoordinatorRecord => ({
  key: offsetKey(groupId, topic, partition),
  value: null,
});

const groupKey = (group: string): Uint8Array =>
  encode(groupMetadataKey, groupMetadataType, KEY_VERSION, { group });

const offsetKey = (group: string, topic: string, partition: number): Uint8Array =>
  encode(offsetCommitKey, offsetCommitType, KEY_VERSION, { group, topic, partition });

function encode<Message>(
  codec: Codec<Message>,
  prefix: number,
  version: number,
  message: Message,
): Uint8Array {
  const writer = new Writer(INITIAL_BYTES);
  writer.int16(prefix, 'version');
  codec.encode(writer, message, version);
  return writer.toBytes();
}

/**
 * Reads a record.
 * @throws DecodeError when the bytes are not what their type and version say
 */
export function readGroupRecord(record: CoordinatorRecord): GroupRecord {
  const key = new Reader(record.key);
  const type = key.int16('type');
  switch (type) {
    case LEGACY_OFFSET_COMMIT_TYPE:
    case offsetCommitType: {
      const { group: groupId, topic, partition } = offsetCommitKey.decode(key, KEY_VERSION);
      const offset =
        record.value === null ? undefined : readOffset(decodeValue(offsetCommitValue, record.value));
      return { kind: 'offset', groupId, topic, partition, offset };
    }
    case groupMetadataType: {
      const { group: groupId } = groupMetadataKey.decode(key, KEY_VERSION);
      const group =
        record.value === null ? undefined : readGroup(groupId, decodeValue(groupMetadataValue, record.value));
      return { kind: 'group', groupId, group };
    }
    default:
      return { kind: 'other', type };
  }
}

function decodeValue<Message>(codec: Codec<Message>, bytes: Uint8Array): Message {
  const reader = new Reader(bytes);
  return codec.decode(reader, reader.int16('version'));
}

const readOffset = (value: OffsetCommitValue): Omit<CommittedOffset, 'recordOffset'> => ({
  offset: value.offset,
  leaderEpoch: value.leaderEpoch,
  metadata: value.metadata,
  commitTimestampMs: value.commitTimestamp,
  expireTimestampMs: value.expireTimestamp,
  topicId: isZeroUuid(value.topicId) ? undefined : uuidToString(value.topicId),
});

function readGroup(groupId: string, value: GroupMetadataValue): ClassicGroup {
  const members = GroupMembers.of(
    value.members.map((member): ClassicMember => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      // The protocols that were not chosen are not stored.
      protocols: [{ name: value.protocol ?? '', metadata: new Uint8Array(member.subscription) }],
      assignment: new Uint8Array(member.assignment),
      isNew: false,
      awaitingJoin: undefined,
      awaitingSync: undefined,
    })),
  );
  const group: ClassicGroup = {
    ...emptyGroup(groupId, value.currentStateTimestamp),
    state: members.size === 0 ? 'Empty' : 'Stable',
    generationId: value.generation,
    protocolType: value.protocolType === '' ? null : value.protocolType,
    protocolName: value.protocol,
    leaderId: value.leader,
    members,
  };
  return { ...group, subscribedTopics: subscribedTopics(group) };
}
