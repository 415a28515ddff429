// DeleteGroups: groups without members go, with all their offsets, those of open transactions too.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { CoordinatorRecord } from '../coordinator-log.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import { groupTombstone, offsetTombstone } from './group-records.ts';
import type { GroupDecision, GroupState } from './group-state.ts';

/** An error of each group, in the order of the request. */
export type DeleteGroupsAnswer = readonly ErrorName[];

/** @param groupIds each once */
export function deleteGroups(
  state: GroupState,
  context: DecisionContext,
  groupIds: readonly string[],
): GroupDecision {
  const records: CoordinatorRecord[] = [];
  const answer = groupIds.map((groupId): ErrorName => {
    const group = state.group(groupId);
    if (group === undefined) return 'GROUP_ID_NOT_FOUND';
    if (group.state !== 'Empty') return 'NON_EMPTY_GROUP';
    for (const [topic, partitions] of state.offsets.of(groupId)) {
      for (const [partition] of partitions) records.push(offsetTombstone(groupId, topic, partition));
    }
    for (const { topic, partition } of state.pending.of(groupId)) {
      if (state.offsets.get(groupId, topic, partition) === undefined)
        records.push(offsetTombstone(groupId, topic, partition));
    }
    records.push(groupTombstone(groupId));
    return 'NONE';
  });
  return { records, changes: [], replies: [{ to: context.reply, answer }] };
}
