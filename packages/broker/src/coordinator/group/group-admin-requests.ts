// The requests of administrators about groups, from the wire to a decision and back: DescribeGroups, ListGroups, DeleteGroups.
import {
  newDescribedGroup,
  newDescribedGroupMember,
  newDescribeGroupsResponse,
} from '@moldau/protocol/generated/describe-groups.ts';
import type {
  DescribedGroup,
  DescribeGroupsRequest,
  DescribeGroupsResponse,
} from '@moldau/protocol/generated/describe-groups.ts';
import { newDeleteGroupsResponse } from '@moldau/protocol/generated/delete-groups.ts';
import type {
  DeletableGroupResult,
  DeleteGroupsRequest,
  DeleteGroupsResponse,
} from '@moldau/protocol/generated/delete-groups.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { newListGroupsResponse } from '@moldau/protocol/generated/list-groups.ts';
import type {
  ListedGroup,
  ListGroupsRequest,
  ListGroupsResponse,
} from '@moldau/protocol/generated/list-groups.ts';
import { memberMetadata } from './classic-group.ts';
import type { ClassicGroup, ClassicMember } from './classic-group.ts';
import { deleteGroups } from './delete-groups.ts';
import type { DeleteGroupsAnswer } from './delete-groups.ts';
import { unanswered } from '../unanswered.ts';
import type { GroupShards } from './group-shards.ts';
import { answered } from './group-state.ts';
import type { GroupState } from './group-state.ts';
import type { ClientContext } from './membership-requests.ts';

/** From this version on a group that does not exist is an error and not just `Dead`. */
const DESCRIBE_NOT_FOUND_VERSION = 6;
const CLASSIC_TYPE = 'classic';

export async function handleDescribeGroups(
  shards: GroupShards,
  message: DescribeGroupsRequest,
  client: ClientContext,
): Promise<DescribeGroupsResponse> {
  const parts = [...shards.byPartition(message.groups)].map(async ([partition, groupIds]) => {
    try {
      return await shards.decideIn<DescribedGroup[]>(partition, (state, context) =>
        answered(
          context,
          groupIds.map((groupId) => describe(state, groupId, client)),
        ),
      );
    } catch (error) {
      const errorCode = ErrorCode[unanswered(error)];
      return groupIds.map((groupId) => newDescribedGroup({ groupId, errorCode }));
    }
  });
  const described = new Map((await Promise.all(parts)).flat().map((group) => [group.groupId, group]));
  return newDescribeGroupsResponse({ groups: [...described.values()] });
}

function describe(state: GroupState, groupId: string, client: ClientContext): DescribedGroup {
  const group = state.group(groupId);
  if (group === undefined) {
    if (client.apiVersion < DESCRIBE_NOT_FOUND_VERSION)
      return newDescribedGroup({ groupId, groupState: 'Dead' });
    return newDescribedGroup({
      groupId,
      groupState: 'Dead',
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
      errorMessage: `Group ${groupId} not found.`,
    });
  }
  return newDescribedGroup({
    groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: group.state === 'Stable' ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map((member) => describeMember(group, member)),
  });
}

const describeMember = (group: ClassicGroup, member: ClassicMember): DescribedGroup['members'][number] =>
  newDescribedGroupMember({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberAssignment: member.assignment,
    // Between generations the group agrees on no protocol, so there is none to show it under.
    ...(group.state === 'Stable' ? { memberMetadata: memberMetadata(member, group.protocolName) } : {}),
  });

export async function handleListGroups(
  shards: GroupShards,
  message: ListGroupsRequest,
): Promise<ListGroupsResponse> {
  const states = new Set(message.statesFilter.map((state) => state.trim().toLowerCase()));
  const types = new Set(message.typesFilter.map((type) => type.trim().toLowerCase()));
  const typeMatches = types.size === 0 || types.has(CLASSIC_TYPE);
  const matches = (group: ClassicGroup): boolean =>
    typeMatches && (states.size === 0 || states.has(group.state.toLowerCase()));
  const parts = await shards.decideInAll<ListedGroup[]>((state, context) =>
    answered(context, [...state.groups()].filter(matches).map(listed)),
  );
  const groups: ListedGroup[] = [];
  for (const part of parts) {
    if (part.status === 'fulfilled') groups.push(...part.value);
    else {
      const error = unanswered(part.reason);
      // Groups that have moved away meanwhile are listed by the broker that has them now.
      if (error !== 'NOT_COORDINATOR') return newListGroupsResponse({ errorCode: ErrorCode[error] });
    }
  }
  return newListGroupsResponse({ groups });
}

const listed = (group: ClassicGroup): ListedGroup => ({
  groupId: group.groupId,
  protocolType: group.protocolType ?? '',
  groupState: group.state,
  groupType: CLASSIC_TYPE,
});

export async function handleDeleteGroups(
  shards: GroupShards,
  message: DeleteGroupsRequest,
): Promise<DeleteGroupsResponse> {
  const parts = [...shards.byPartition(message.groupsNames)].map(
    async ([partition, groupIds]): Promise<DeletableGroupResult[]> => {
      try {
        const errors = await shards.decideIn<DeleteGroupsAnswer>(partition, (state, context) =>
          deleteGroups(state, context, groupIds),
        );
        return groupIds.map((groupId, at) => ({ groupId, errorCode: ErrorCode[errors[at] ?? 'NONE'] }));
      } catch (error) {
        const errorCode = ErrorCode[unanswered(error)];
        return groupIds.map((groupId) => ({ groupId, errorCode }));
      }
    },
  );
  return newDeleteGroupsResponse({ results: (await Promise.all(parts)).flat() });
}
