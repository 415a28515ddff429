// Guards of groups: members need READ on their group, whoever looks on DESCRIBE; offsets need the topic's rules as well.
import { newDeletableGroupResult } from '@moldau/protocol/generated/delete-groups.ts';
import type { DeleteGroupsRequest, DeleteGroupsResponse } from '@moldau/protocol/generated/delete-groups.ts';
import {
  newDescribedGroup,
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
} from '@moldau/protocol/generated/describe-groups.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newHeartbeatResponse,
  type HeartbeatRequest,
  type HeartbeatResponse,
} from '@moldau/protocol/generated/heartbeat.ts';
import {
  newJoinGroupResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from '@moldau/protocol/generated/join-group.ts';
import {
  newLeaveGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
} from '@moldau/protocol/generated/leave-group.ts';
import type { ListGroupsRequest, ListGroupsResponse } from '@moldau/protocol/generated/list-groups.ts';
import {
  newSyncGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '@moldau/protocol/generated/sync-group.ts';
import { AclOperation, ResourceType } from '../../metadata/acl-binding.ts';
import { GROUP_OPERATIONS } from '../authorized-operations.ts';
import { split, type Guard } from './guard.ts';
import { GROUP_REFUSED } from './refusal-text.ts';

const errorCode = ErrorCode.GROUP_AUTHORIZATION_FAILED;

/** The request of a member, which needs READ on its group. */
function member<Request extends { readonly groupId: string }, Response>(
  refuse: (request: Request) => Response,
): Guard<Request, Response> {
  return (asking, request) =>
    asking.group(AclOperation.READ, request.groupId) ? { allowed: request } : { refused: refuse(request) };
}

export const joinGroup = member<JoinGroupRequest, JoinGroupResponse>(({ memberId }) =>
  newJoinGroupResponse({ errorCode, memberId }),
);
export const syncGroup = member<SyncGroupRequest, SyncGroupResponse>(() =>
  newSyncGroupResponse({ errorCode }),
);
export const heartbeat = member<HeartbeatRequest, HeartbeatResponse>(() =>
  newHeartbeatResponse({ errorCode }),
);
export const leaveGroup = member<LeaveGroupRequest, LeaveGroupResponse>(() =>
  newLeaveGroupResponse({ errorCode }),
);

export const describeGroups: Guard<DescribeGroupsRequest, DescribeGroupsResponse> = (asking, request) => {
  const { kept, refused } = split(request.groups, (group) => asking.group(AclOperation.DESCRIBE, group));
  return {
    allowed: { ...request, groups: kept },
    finish({ groups }) {
      if (request.includeAuthorizedOperations) {
        for (const group of groups)
          if (group.errorCode === ErrorCode.NONE)
            group.authorizedOperations = asking.operations(
              GROUP_OPERATIONS,
              ResourceType.GROUP,
              group.groupId,
            );
      }
      groups.push(
        ...refused.map((groupId) => newDescribedGroup({ groupId, errorCode, errorMessage: GROUP_REFUSED })),
      );
    },
  };
};

export const deleteGroups: Guard<DeleteGroupsRequest, DeleteGroupsResponse> = (asking, request) => {
  const { kept, refused } = split(request.groupsNames, (group) => asking.group(AclOperation.DELETE, group));
  return {
    allowed: { ...request, groupsNames: kept },
    finish: ({ results }) =>
      void results.push(...refused.map((groupId) => newDeletableGroupResult({ groupId, errorCode }))),
  };
};

/** Who may describe the cluster sees all groups, others those that they may describe. */
export const listGroups: Guard<ListGroupsRequest, ListGroupsResponse> = (asking, request) =>
  asking.cluster(AclOperation.DESCRIBE)
    ? { allowed: request }
    : {
        allowed: request,
        finish(response) {
          response.groups = response.groups.filter(({ groupId }) =>
            asking.group(AclOperation.DESCRIBE, groupId),
          );
        },
      };
