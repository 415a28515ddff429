// TxnOffsetCommit: where a group will have come to once the producer's transaction is committed. Members are checked as for OffsetCommit (KIP-447), so
// that one which has lost its partitions cannot commit for them; but a rebalance that is under way does not matter, and clients that know nothing of
// members (versions 0 to 2) may always commit.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { TransactionalProducer } from '../coordinator-log.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import { findMember } from './classic-group.ts';
import type { ClassicGroup } from './classic-group.ts';
import { answered } from './group-state.ts';
import type { GroupDecision, GroupState } from './group-state.ts';
import { refusalOfNewGroup, storedOffsets } from './offset-commit.ts';
import type { CommitAnswer, CommitRequest } from './offset-commit.ts';

export type TxnCommitRequest = Pick<
  CommitRequest,
  'groupId' | 'memberId' | 'groupInstanceId' | 'generationId' | 'partitions'
> & { readonly producer: TransactionalProducer };

export function commitTransactionalOffsets(
  state: GroupState,
  context: DecisionContext,
  request: TxnCommitRequest,
): GroupDecision {
  const group = state.group(request.groupId);
  const error = group === undefined ? refusalWithoutGroup(state, request) : refusal(group, request);
  if (error !== 'NONE')
    return answered(context, request.partitions.map((): ErrorName => error) satisfies CommitAnswer);
  const { records, answer } = storedOffsets(state, context, request, -1);
  return { records, changes: [], replies: [{ to: context.reply, answer }], producer: request.producer };
}

const refusalWithoutGroup = (state: GroupState, { generationId }: TxnCommitRequest): ErrorName =>
  generationId >= 0 ? 'ILLEGAL_GENERATION' : refusalOfNewGroup(state);

function refusal(group: ClassicGroup, request: TxnCommitRequest): ErrorName {
  const { generationId, memberId, groupInstanceId } = request;
  if (generationId < 0 && group.state === 'Empty') return 'NONE';
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return 'NONE';
  const member = findMember(group, memberId, groupInstanceId);
  if (typeof member === 'string') return member;
  return generationId === group.generationId ? 'NONE' : 'ILLEGAL_GENERATION';
}
