// Every API in every version that is offered: a plain valid request is answered by something that the version can carry and that decodes to
// the last byte. This finds fields that an answer sets in versions that do not have them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { errorName } from '@moldau/protocol';
import { ConfigResourceType } from '../settings/config-resource.ts';
import { batchOf } from '../testing/batches.ts';
import { createTopic, leaderOf, produce } from '../testing/calls.ts';
import { findCoordinator, joinAlone } from '../testing/group-calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate, type SimulatedCluster } from '../testing/simulated-cluster.ts';
import {
  addOffsets,
  addPartitions,
  initialized,
  transactionCoordinator,
} from '../testing/transaction-calls.ts';
import { errorCodesIn, wholeMessage } from '../testing/whole-message.ts';
import { allApis } from './all-apis.ts';
import type { AnyApi } from './services.ts';

interface Situation {
  readonly topic: string;
  readonly topicId: Uint8Array;
  readonly version: number;
  /** A number that no other call has. */
  readonly call: number;
  readonly brokerId: string;
  /** A member of group `g`, alone and stable. */
  readonly memberId: string;
  readonly generationId: number;
  /** Of transactional id `x`, with an open transaction. */
  readonly producerId: number;
  readonly producerEpoch: number;
}

type Build = (s: Situation) => Record<string, unknown>;

const GROUP = 'g';
const TRANSACTIONAL_ID = 'x';
const producer = ({ producerId, producerEpoch }: Situation) => ({
  transactionalId: TRANSACTIONAL_ID,
  producerId,
  producerEpoch,
});
/** The topic by name, in the field called `field`, or from version `from` on by id. */
const named = (s: Situation, from: number, field: 'topic' | 'name') =>
  s.version >= from ? { topicId: s.topicId } : { [field]: s.topic };
const since = (s: Situation, version: number, fields: Record<string, unknown>): Record<string, unknown> =>
  s.version >= version ? fields : {};
const resource = (s: Situation) => ({ resourceType: ConfigResourceType.TOPIC, resourceName: s.topic });

/** For each API a request that succeeds, in the fields of any version. */
const REQUESTS: Readonly<Record<string, Build>> = {
  AddOffsetsToTxn: (s) => ({ ...producer(s), groupId: GROUP }),
  AddPartitionsToTxn: (s) =>
    s.version >= 4
      ? { transactions: [{ ...producer(s), topics: [{ name: s.topic, partitions: [0] }] }] }
      : {
          v3AndBelowTransactionalId: TRANSACTIONAL_ID,
          v3AndBelowProducerId: s.producerId,
          v3AndBelowProducerEpoch: s.producerEpoch,
          v3AndBelowTopics: [{ name: s.topic, partitions: [0] }],
        },
  AlterClientQuotas: () => ({
    entries: [
      {
        entity: [{ entityType: 'user', entityName: 'nobody' }],
        ops: [{ key: 'producer_byte_rate', value: 1, remove: false }],
      },
    ],
    validateOnly: false,
  }),
  ApiVersions: (s) => since(s, 3, { clientSoftwareName: 'test', clientSoftwareVersion: '1' }),
  AlterConfigs: (s) => ({
    resources: [{ ...resource(s), configs: [{ name: 'retention.ms', value: '1000' }] }],
  }),
  AlterPartitionReassignments: (s) => ({
    topics: [{ name: s.topic, partitions: [{ partitionIndex: 0, replicas: [Number(s.brokerId)] }] }],
    timeoutMs: 100,
  }),
  AlterReplicaLogDirs: (s) => ({
    dirs: [{ path: '/elsewhere', topics: [{ name: s.topic, partitions: [0] }] }],
  }),
  CreatePartitions: (s) => ({
    topics: [{ name: s.topic, count: 2 + s.call, assignments: null }],
    timeoutMs: 100,
  }),
  CreateTopics: (s) => ({
    topics: [
      { name: `made-${s.call}`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
    ],
    timeoutMs: 100,
  }),
  DeleteGroups: () => ({ groupsNames: ['none'] }),
  DeleteRecords: (s) => ({
    topics: [{ name: s.topic, partitions: [{ partitionIndex: 0, offset: -1 }] }],
    timeoutMs: 100,
  }),
  DeleteTopics: (s) =>
    s.version >= 6 ? { topics: [{ name: 'none', topicId: new Uint8Array(16) }] } : { topicNames: ['none'] },
  CreateAcls: () => ({
    creations: [
      {
        resourceType: 2,
        resourceName: 'topic',
        resourcePatternType: 3,
        principal: 'User:a',
        host: '*',
        operation: 3,
        permissionType: 3,
      },
    ],
  }),
  DeleteAcls: () => ({ filters: [{ ...EVERY_ACL, patternTypeFilter: 1 }] }),
  DescribeAcls: () => ({ ...EVERY_ACL, patternTypeFilter: 1 }),
  AlterUserScramCredentials: () => ({
    deletions: [{ name: 'nobody', mechanism: 1 }],
    upsertions: [
      {
        name: 'somebody',
        mechanism: 1,
        iterations: 4096,
        salt: new Uint8Array(8),
        saltedPassword: new Uint8Array(32),
      },
    ],
  }),
  DescribeUserScramCredentials: () => ({ users: null }),
  DescribeClientQuotas: () => ({
    components: [{ entityType: 'user', matchType: 2, match: null }],
    strict: false,
  }),
  DescribeCluster: () => ({ includeClusterAuthorizedOperations: true }),
  DescribeConfigs: (s) => ({
    resources: [
      { ...resource(s), configurationKeys: null },
      { resourceType: ConfigResourceType.BROKER, resourceName: s.brokerId, configurationKeys: null },
    ],
    ...since(s, 1, { includeSynonyms: true }),
    ...since(s, 3, { includeDocumentation: true }),
  }),
  DescribeGroups: (s) => ({ groups: [GROUP, 'none'], ...since(s, 3, { includeAuthorizedOperations: true }) }),
  DescribeLogDirs: () => ({ topics: null }),
  DescribeProducers: (s) => ({ topics: [{ name: s.topic, partitionIndexes: [0] }] }),
  DescribeQuorum: () => ({
    topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
  }),
  DescribeTopicPartitions: () => ({ topics: [], responsePartitionLimit: 3, cursor: null }),
  DescribeTransactions: () => ({ transactionalIds: [TRANSACTIONAL_ID] }),
  ElectLeaders: (s) => ({ topicPartitions: [{ topic: s.topic, partitions: [0] }], timeoutMs: 100 }),
  EndTxn: (s) => ({ ...producer(s), committed: true }),
  Fetch: (s) => ({
    maxWaitMs: 0,
    minBytes: 1,
    topics: [
      { ...named(s, 13, 'topic'), partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] },
    ],
  }),
  FindCoordinator: (s) => (s.version >= 4 ? { coordinatorKeys: [GROUP] } : { key: GROUP }),
  GetTelemetrySubscriptions: (s) => ({ clientInstanceId: new Uint8Array(16).fill(s.call + 1) }),
  Heartbeat: (s) => ({ groupId: GROUP, generationId: s.generationId, memberId: s.memberId }),
  IncrementalAlterConfigs: (s) => ({
    resources: [{ ...resource(s), configs: [{ name: 'retention.ms', configOperation: 0, value: '2000' }] }],
  }),
  InitProducerId: () => ({ transactionalId: null, transactionTimeoutMs: 1000 }),
  JoinGroup: (s) => ({
    groupId: `${GROUP}-${s.call}`,
    sessionTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(4) }],
    ...since(s, 1, { rebalanceTimeoutMs: 1000 }),
  }),
  LeaveGroup: (s) =>
    s.version >= 3
      ? { groupId: GROUP, members: [{ memberId: 'nobody' }] }
      : { groupId: GROUP, memberId: 'nobody' },
  ListConfigResources: () => ({}),
  ListGroups: () => ({}),
  ListOffsets: (s) => ({
    topics: [{ name: s.topic, partitions: [{ partitionIndex: 0, timestamp: 0 }] }],
    replicaId: -1,
  }),
  ListPartitionReassignments: () => ({ topics: null, timeoutMs: 100 }),
  ListTransactions: (s) => ({
    ...since(s, 1, { durationFilter: 0 }),
    ...since(s, 2, { transactionalIdPattern: 'x.*' }),
  }),
  Metadata: (s) => ({
    topics: s.version === 0 ? [] : null,
    ...(s.version >= 8 && s.version <= 10 ? { includeClusterAuthorizedOperations: true } : {}),
    ...since(s, 8, { includeTopicAuthorizedOperations: true }),
  }),
  OffsetCommit: (s) => ({
    groupId: GROUP,
    generationIdOrMemberEpoch: s.generationId,
    memberId: s.memberId,
    topics: [
      {
        ...named(s, 10, 'name'),
        partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'm' }],
      },
    ],
  }),
  OffsetDelete: (s) => ({ groupId: GROUP, topics: [{ name: s.topic, partitions: [{ partitionIndex: 0 }] }] }),
  OffsetFetch: (s) =>
    s.version >= 8
      ? {
          groups: [
            {
              groupId: GROUP,
              memberId: null,
              memberEpoch: -1,
              topics: [{ ...named(s, 10, 'name'), partitionIndexes: [0] }],
            },
          ],
        }
      : { groupId: GROUP, topics: [{ name: s.topic, partitionIndexes: [0] }] },
  OffsetForLeaderEpoch: (s) => ({
    replicaId: -1,
    topics: [{ topic: s.topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
  }),
  Produce: (s) => ({
    acks: -1,
    timeoutMs: 100,
    topicData: [{ ...named(s, 13, 'name'), partitionData: [{ index: 0, records: batchOf(['v']) }] }],
  }),
  PushTelemetry: () => ({
    clientInstanceId: new Uint8Array(16).fill(200),
    subscriptionId: 0,
    metrics: new Uint8Array(0),
  }),
  SyncGroup: (s) => ({
    groupId: GROUP,
    generationId: s.generationId,
    memberId: s.memberId,
    assignments: [],
    ...since(s, 5, { protocolType: 'consumer', protocolName: 'range' }),
  }),
  TxnOffsetCommit: (s) => ({
    ...producer(s),
    groupId: GROUP,
    ...since(s, 3, { generationId: s.generationId, memberId: s.memberId }),
    topics: [
      { name: s.topic, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'm' }] },
    ],
  }),
  UnregisterBroker: () => ({ brokerId: 77 }),
  UpdateFeatures: (s) => ({
    timeoutMs: 100,
    featureUpdates: [
      { feature: 'transaction.version', maxVersionLevel: 2, ...since(s, 1, { upgradeType: 1 }) },
    ],
  }),
  WriteTxnMarkers: (s) => ({
    markers: [
      {
        producerId: s.producerId,
        producerEpoch: s.producerEpoch,
        transactionResult: true,
        topics: [{ name: s.topic, partitionIndexes: [0] }],
      },
    ],
  }),
};

const EVERY_ACL = { resourceTypeFilter: 1, operation: 1, permissionType: 1 };

/** Errors that these requests are to get, by API. */
const EXPECTED_ERRORS: Readonly<Record<string, readonly string[]>> = {
  AlterReplicaLogDirs: ['LOG_DIR_NOT_FOUND'],
  AlterUserScramCredentials: ['RESOURCE_NOT_FOUND'],
  CreateAcls: ['SECURITY_DISABLED'],
  DeleteAcls: ['SECURITY_DISABLED'],
  DeleteGroups: ['GROUP_ID_NOT_FOUND'],
  DeleteTopics: ['UNKNOWN_TOPIC_OR_PARTITION'],
  DescribeAcls: ['SECURITY_DISABLED'],
  DescribeGroups: ['GROUP_ID_NOT_FOUND'],
  ElectLeaders: ['ELECTION_NOT_NEEDED'],
  // Version 5 is about the next transaction, which has not begun.
  EndTxn: ['CONCURRENT_TRANSACTIONS', 'INVALID_TXN_STATE'],
  LeaveGroup: ['UNKNOWN_MEMBER_ID'],
  JoinGroup: ['MEMBER_ID_REQUIRED'],
  OffsetDelete: ['GROUP_SUBSCRIBED_TO_TOPIC'],
  PushTelemetry: ['UNKNOWN_SUBSCRIPTION_ID'],
  UnregisterBroker: ['BROKER_ID_NOT_REGISTERED'],
};

test('the requests of this test cover exactly the APIs that are offered', () => {
  const offered = [...allApis().values()].map((api) => nameOf(api)).sort();
  assert.deepEqual(offered, Object.keys(REQUESTS).sort());
});

for (const api of allApis().values()) {
  const { lowestVersion, highestVersion } = api.request;
  test(`${nameOf(api)} is answered in versions ${lowestVersion} to ${highestVersion}`, () =>
    simulate({}, async (cluster) => {
      const client = await cluster.connect();
      const group = await prepare(cluster, client);
      for (let version = lowestVersion; version <= highestVersion; version++) {
        const situation = { ...group, version, call: version - lowestVersion };
        const message = wholeMessage(api.request.name, REQUESTS[nameOf(api)]!(situation));
        const answer = await client.request(api.request, api.response, message, version);
        const errors = errorCodesIn(answer)
          .map((code) => errorName(code))
          .filter((error) => error !== 'NONE');
        const unexpected = errors.filter((error) => !(EXPECTED_ERRORS[nameOf(api)] ?? []).includes(error));
        assert.deepEqual(unexpected, [], `version ${version}: ${JSON.stringify(answer)}`);
      }
    }));
}

function nameOf(api: AnyApi): string {
  return api.request.name.replace(/Request$/, '');
}

/** A topic with a record, and a group with one member. */
async function prepare(
  cluster: SimulatedCluster,
  client: SimulatedClient,
): Promise<Omit<Situation, 'version' | 'call'>> {
  const { topicId } = await createTopic(client, 'topic');
  const leader = await cluster.connect(await leaderOf(cluster, client, 'topic', 0));
  await produce(leader, 'topic', batchOf(['first']));
  const coordinator = await findCoordinator(client, GROUP);
  const { memberId, generationId } = await joinAlone(
    await cluster.connect(cluster.indexOf(coordinator.nodeId)),
    GROUP,
  );
  return {
    topic: 'topic',
    topicId,
    brokerId: String(cluster.running.brokers[0]!.id),
    memberId,
    generationId,
    ...(await beginTransaction(cluster, client)),
  };
}

/** A producer with an open transaction: of the topic, and of the group's offsets. */
async function beginTransaction(
  cluster: SimulatedCluster,
  client: SimulatedClient,
): Promise<{ readonly producerId: number; readonly producerEpoch: number }> {
  const coordinator = await transactionCoordinator(cluster, client, TRANSACTIONAL_ID);
  const begun = await initialized(cluster, coordinator, TRANSACTIONAL_ID);
  assert.equal(await addPartitions(coordinator, begun, 'topic', [0]), 'NONE');
  assert.equal(await addOffsets(coordinator, begun, GROUP), 'NONE');
  return begun;
}

for (const api of allApis().values()) {
  const { lowestVersion, highestVersion } = api.request;

  test(`${nameOf(api)} is answered in all versions when nothing that it names exists`, () =>
    simulate({ settings: ['auto.create.topics.enable=false'] }, async (cluster) => {
      const client = await cluster.connect();
      for (let version = lowestVersion; version <= highestVersion; version++) {
        const unknown = {
          topic: 'none',
          topicId: new Uint8Array(16).fill(7),
          brokerId: '99',
          memberId: 'nobody',
          generationId: 5,
          producerId: 77,
          producerEpoch: 3,
        };
        const message = wholeMessage(
          api.request.name,
          REQUESTS[nameOf(api)]!({ ...unknown, version, call: version }),
        );
        await client.request(api.request, api.response, message, version);
      }
    }));

  test(`${nameOf(api)} is answered in all versions by every broker of three`, () =>
    simulate({ brokers: 3 }, async (cluster) => {
      const situation = await prepare(cluster, await cluster.connect());
      for (const broker of [0, 1, 2]) {
        const client = await cluster.connect(broker);
        for (let version = lowestVersion; version <= highestVersion; version++) {
          const message = wholeMessage(
            api.request.name,
            REQUESTS[nameOf(api)]!({ ...situation, version, call: 100 * broker + version }),
          );
          await client.request(api.request, api.response, message, version);
        }
      }
    }));
}
