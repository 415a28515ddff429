// Classic consumer groups.
import type { Step } from '../step.ts';
import { OFFSETS_BY_NAME, topic, group, batch, produce, join, member, commit } from './requests.ts';

export const groups: Step[] = [
  {
    name: 'coordinator',
    api: 'FindCoordinator',
    settleMs: 3000,
    fields: (m) => ({ keyType: 0, coordinatorKeys: [group(m)] }),
  },
  produce('internal topic', () => batch(['x'], { key: 'k' }), { topic: () => '__consumer_offsets' }),
  {
    name: 'coordinator: again',
    api: 'FindCoordinator',
    fields: (m) => ({ keyType: 0, coordinatorKeys: [group(m)] }),
  },
  {
    name: 'coordinator: unknown kind',
    api: 'FindCoordinator',
    fields: () => ({ keyType: 9, coordinatorKeys: ['x'] }),
  },
  member('heartbeat: no group', 'Heartbeat', () => ({ generationId: 1, memberId: 'nobody' })),
  member(
    'offsets: no group',
    'OffsetFetch',
    (m) => ({
      groupId: '',
      groups: [
        {
          groupId: group(m),
          memberId: null,
          memberEpoch: -1,
          topics: [{ name: topic(m), partitionIndexes: [0] }],
        },
      ],
    }),
    OFFSETS_BY_NAME,
  ),
  { name: 'describe: no group', api: 'DescribeGroups', fields: (m) => ({ groups: [group(m)] }) },
  {
    name: 'describe: no group, old version',
    api: 'DescribeGroups',
    version: 5,
    fields: (m) => ({ groups: [group(m)] }),
  },
  join('empty group id', { groupId: '' }, () => ''),
  join('session too short', { sessionTimeoutMs: 1 }, () => ''),
  join('unknown member', {}, () => 'nobody'),
  join('no protocols', { protocols: [] }, () => ''),
  join('without an id', {}, () => '', true),
  join('with the id', {}, undefined, true),
  join('another protocol type', { protocolType: 'other' }, () => ''),
  member('sync: wrong generation', 'SyncGroup', (m) => ({ generationId: 99, memberId: m.memberId })),
  member('sync: unknown member', 'SyncGroup', (m) => ({ generationId: m.generationId, memberId: 'nobody' })),
  member('sync: wrong protocol', 'SyncGroup', (m) => ({
    generationId: m.generationId,
    memberId: m.memberId,
    protocolType: 'other',
    protocolName: 'range',
  })),
  member('sync', 'SyncGroup', (m) => ({
    generationId: m.generationId,
    memberId: m.memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId: m.memberId, assignment: Buffer.from('mine') }],
  })),
  member('heartbeat', 'Heartbeat', (m) => ({ generationId: m.generationId, memberId: m.memberId })),
  member('heartbeat: wrong generation', 'Heartbeat', (m) => ({ generationId: 99, memberId: m.memberId })),
  member('heartbeat: unknown member', 'Heartbeat', (m) => ({
    generationId: m.generationId,
    memberId: 'nobody',
  })),
  member('heartbeat: unknown instance', 'Heartbeat', (m) => ({
    generationId: m.generationId,
    memberId: m.memberId,
    groupInstanceId: 'x',
  })),
  commit('by the member', () => ({})),
  commit('wrong generation', () => ({ generationIdOrMemberEpoch: 99 })),
  commit('unknown member', () => ({ memberId: 'nobody' })),
  commit('from outside', () => ({ generationIdOrMemberEpoch: -1, memberId: '' })),
  commit('long metadata', () => ({}), { committedMetadata: 'x'.repeat(5000) }),
  commit(
    'unknown topic',
    () => ({}),
    {},
    () => 'no-such',
  ),
  commit('unknown partition', () => ({}), { partitionIndex: 44 }),
  commit('negative offset', () => ({}), { committedOffset: -5, partitionIndex: 1 }),
  member(
    'offsets: some',
    'OffsetFetch',
    (m) => ({
      groupId: '',
      groups: [
        {
          groupId: group(m),
          memberId: null,
          memberEpoch: -1,
          topics: [
            { name: topic(m), partitionIndexes: [0, 1, 44] },
            { name: 'no-such', partitionIndexes: [0] },
          ],
        },
      ],
    }),
    OFFSETS_BY_NAME,
  ),
  member(
    'offsets: all',
    'OffsetFetch',
    (m) => ({ groupId: '', groups: [{ groupId: group(m), memberId: null, memberEpoch: -1, topics: null }] }),
    OFFSETS_BY_NAME,
  ),
  member(
    'offsets: old version',
    'OffsetFetch',
    (m) => ({ topics: [{ name: topic(m), partitionIndexes: [0] }] }),
    5,
  ),
  {
    name: 'describe',
    api: 'DescribeGroups',
    fields: (m) => ({ groups: [group(m)], includeAuthorizedOperations: true }),
  },
  {
    name: 'groups: stable ones',
    api: 'ListGroups',
    fields: () => ({ statesFilter: ['NoSuchState'], typesFilter: [] }),
  },
  member('offset delete: subscribed', 'OffsetDelete', (m) => ({
    topics: [{ name: topic(m), partitions: [{ partitionIndex: 0 }] }],
  })),
  { name: 'delete: members', api: 'DeleteGroups', fields: (m) => ({ groupsNames: [group(m), 'no-such'] }) },
  member('leave: unknown member', 'LeaveGroup', () => ({ members: [{ memberId: 'nobody' }] })),
  member('leave', 'LeaveGroup', (m) => ({ members: [{ memberId: m.memberId, reason: 'done' }] })),
  member('heartbeat: has left', 'Heartbeat', (m) => ({ generationId: m.generationId, memberId: m.memberId })),
  commit('empty group, from outside', () => ({ generationIdOrMemberEpoch: -1, memberId: '' })),
  { name: 'describe: empty', api: 'DescribeGroups', fields: (m) => ({ groups: [group(m)] }) },
  member('offset delete', 'OffsetDelete', (m) => ({
    topics: [{ name: topic(m), partitions: [{ partitionIndex: 0 }, { partitionIndex: 44 }] }],
  })),
  { name: 'delete', api: 'DeleteGroups', fields: (m) => ({ groupsNames: [group(m)] }) },
];
