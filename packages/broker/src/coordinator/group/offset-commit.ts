// OffsetCommit: where a group, or a consumer that only keeps its offsets here, has come to. A member may commit in its own generation; without any
// (generation -1, an administrator or a consumer that assigns partitions to itself) only while the group is empty.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { CoordinatorRecord } from '../coordinator-log.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import { findMember } from './classic-group.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { CommittedOffset } from './committed-offsets.ts';
import { offsetRecord } from './group-records.ts';
import { answered } from './group-state.ts';
import type { GroupDecision, GroupState } from './group-state.ts';
import type { SessionStart } from './group-transition.ts';

export interface CommitRequest {
  readonly apiVersion: number;
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  /** How long to keep the offsets, as clients before v5 may ask for; -1: as long as the broker does. */
  readonly retentionTimeMs: number;
  /** Partitions that exist. */
  readonly partitions: readonly CommitPartition[];
}

export interface CommitPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/** An error of each partition, in the order of the request. */
export type CommitAnswer = readonly ErrorName[];

/** From this version on a group that does not exist has an error of its own. */
const GROUP_ID_NOT_FOUND_VERSION = 9;

export function commitOffsets(
  state: GroupState,
  context: DecisionContext,
  request: CommitRequest,
): GroupDecision {
  const group = state.group(request.groupId);
  const error = group === undefined ? refusalWithoutGroup(state, request) : refusal(group, request);
  if (error !== 'NONE')
    return answered(context, request.partitions.map((): ErrorName => error) satisfies CommitAnswer);
  const { records, answer } = storedOffsets(state, context, request, request.retentionTimeMs);
  const sessions = group === undefined ? [] : keptAlive(group, request.memberId);
  const { groupId } = request;
  return {
    records,
    changes:
      sessions.length === 0
        ? []
        : [
            {
              kind: 'group',
              groupId,
              group: undefined,
              sessions,
              nowMs: context.monotonicMs,
              settled: false,
            },
          ],
    replies: [{ to: context.reply, answer }],
  };
}

/** The records of a commit, and what is answered of each partition. */
export function storedOffsets(
  state: GroupState,
  context: DecisionContext,
  { groupId, partitions }: Pick<CommitRequest, 'groupId' | 'partitions'>,
  retentionTimeMs: number,
): { readonly records: readonly CoordinatorRecord[]; readonly answer: CommitAnswer } {
  const records: CoordinatorRecord[] = [];
  const answer = partitions.map((partition): ErrorName => {
    const { metadata, topic, partition: index } = partition;
    if (metadata !== null && metadata.length > state.settings.offsetMetadataMaxBytes)
      return 'OFFSET_METADATA_TOO_LARGE';
    const offset = committedOffset(partition, retentionTimeMs, context.nowMs);
    records.push(offsetRecord(groupId, topic, index, offset));
    return 'NONE';
  });
  return { records, answer };
}

function refusalWithoutGroup(state: GroupState, request: CommitRequest): ErrorName {
  if (request.generationId >= 0)
    return request.apiVersion >= GROUP_ID_NOT_FOUND_VERSION ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION';
  return refusalOfNewGroup(state);
}

/** Offsets of a group that there is not make one. */
export const refusalOfNewGroup = (state: GroupState): ErrorName =>
  state.groupCount >= state.settings.maxGroupsPerPartition ? 'POLICY_VIOLATION' : 'NONE';

function refusal(group: ClassicGroup, request: CommitRequest): ErrorName {
  const { generationId, memberId, groupInstanceId } = request;
  if (generationId < 0 && group.state === 'Empty') return 'NONE';
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return 'UNKNOWN_MEMBER_ID';
  const member = findMember(group, memberId, groupInstanceId);
  if (typeof member === 'string') return member;
  if (generationId !== group.generationId) return 'ILLEGAL_GENERATION';
  // It knows the generation, so it has been told of it: it is about to fetch its assignment and commits too early.
  return group.state === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE';
}

/** A commit shows that the member lives, as a heartbeat does. */
function keptAlive(group: ClassicGroup, memberId: string): SessionStart[] {
  const member = group.members.get(memberId);
  return member === undefined ? [] : [{ memberId, timeoutMs: member.sessionTimeoutMs }];
}

const committedOffset = (
  partition: CommitPartition,
  retentionTimeMs: number,
  nowMs: number,
): Omit<CommittedOffset, 'recordOffset'> => ({
  offset: partition.offset,
  leaderEpoch: partition.leaderEpoch,
  metadata: partition.metadata ?? '',
  commitTimestampMs: nowMs,
  expireTimestampMs: retentionTimeMs === -1 ? -1 : nowMs + retentionTimeMs,
  topicId: partition.topicId,
});
