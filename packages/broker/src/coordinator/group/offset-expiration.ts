// Committed offsets go when nobody has needed them for `offsets.retention.minutes`. From when on that is counted (KIP-211):
//
//   group without members             since it became empty
//   never had members                 since the commit
//   consumers, Stable                 since the commit, for topics that none of them subscribes to any more
//   otherwise                         not at all
//
// An offset stays while a transaction has another one of its partition pending, and a group while a transaction has any of it.
// An offset that was committed with an expiry of its own (clients before 2.1) goes at that time. A group without members goes with its last offset.
import type { CoordinatorRecord } from '../coordinator-log.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { CommittedOffset, CommittedOffsets } from './committed-offsets.ts';
import { CONSUMER_PROTOCOL_TYPE, isSubscribedTo } from './consumer-subscription.ts';
import { groupTombstone, offsetTombstone } from './group-records.ts';
import type { GroupSettings } from './group-settings.ts';
import type { TransactionalOffsets } from './transactional-offsets.ts';

export interface ExpirableOffsets {
  readonly settings: GroupSettings;
  readonly offsets: CommittedOffsets;
  readonly pending: TransactionalOffsets;
  groups(): Iterable<ClassicGroup>;
}

/** Tombstones of all that has expired by `nowMs`; they do not depend on each other. */
export function expireOffsets(state: ExpirableOffsets, nowMs: number): CoordinatorRecord[] {
  const records: CoordinatorRecord[] = [];
  for (const group of state.groups()) {
    const allGone = expireGroup(state, group, nowMs, records);
    if (allGone && group.state === 'Empty' && group.pendingJoin.size === 0)
      records.push(groupTombstone(group.groupId));
  }
  return records;
}

function expireGroup(
  state: ExpirableOffsets,
  group: ClassicGroup,
  nowMs: number,
  records: CoordinatorRecord[],
): boolean {
  let allGone = !state.pending.hasAny(group.groupId);
  for (const [topic, partitions] of state.offsets.of(group.groupId)) {
    const inUse = isSubscribedTo(group, topic);
    for (const [partition, offset] of partitions) {
      const isOver = !inUse && isExpired(group, offset, nowMs, state.settings.offsetsRetentionMs);
      if (isOver && !state.pending.has(group.groupId, topic, partition)) {
        records.push(offsetTombstone(group.groupId, topic, partition));
      } else allGone = false;
    }
  }
  return allGone;
}

function isExpired(
  group: ClassicGroup,
  offset: CommittedOffset,
  nowMs: number,
  retentionMs: number,
): boolean {
  const since = countsFrom(group, offset);
  if (since === undefined) return false;
  return offset.expireTimestampMs === -1 ? nowMs - since >= retentionMs : nowMs >= offset.expireTimestampMs;
}

function countsFrom(group: ClassicGroup, offset: CommittedOffset): number | undefined {
  if (group.protocolType === null) return offset.commitTimestampMs;
  if (group.state === 'Empty')
    return group.stateTimestampMs === -1 ? offset.commitTimestampMs : group.stateTimestampMs;
  const knowsTopics = group.protocolType === CONSUMER_PROTOCOL_TYPE && group.subscribedTopics !== undefined;
  return group.state === 'Stable' && knowsTopics ? offset.commitTimestampMs : undefined;
}
