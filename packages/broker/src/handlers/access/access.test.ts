// Access rules as clients meet them: what a rule takes away is refused, what it leaves works, request by request.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createAclsRequest, createAclsResponse } from '@moldau/protocol/generated/create-acls.ts';
import { createTopicsRequest, createTopicsResponse } from '@moldau/protocol/generated/create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '@moldau/protocol/generated/delete-topics.ts';
import {
  describeClusterRequest,
  describeClusterResponse,
} from '@moldau/protocol/generated/describe-cluster.ts';
import {
  describeConfigsRequest,
  describeConfigsResponse,
} from '@moldau/protocol/generated/describe-configs.ts';
import { endTxnRequest, endTxnResponse } from '@moldau/protocol/generated/end-txn.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { fetchRequest, fetchResponse } from '@moldau/protocol/generated/fetch.ts';
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
} from '@moldau/protocol/generated/find-coordinator.ts';
import {
  initProducerIdRequest,
  initProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import { joinGroupRequest, joinGroupResponse } from '@moldau/protocol/generated/join-group.ts';
import { listGroupsRequest, listGroupsResponse } from '@moldau/protocol/generated/list-groups.ts';
import {
  metadataRequest,
  metadataResponse,
  type MetadataRequestTopic,
} from '@moldau/protocol/generated/metadata.ts';
import { offsetCommitRequest, offsetCommitResponse } from '@moldau/protocol/generated/offset-commit.ts';
import { offsetFetchRequest, offsetFetchResponse } from '@moldau/protocol/generated/offset-fetch.ts';
import { produceRequest, produceResponse } from '@moldau/protocol/generated/produce.ts';
import { uuidFromString } from '@moldau/protocol/uuid.ts';
import { AclOperation, PatternType, PermissionType, ResourceType } from '../../metadata/acl-binding.ts';
import { ask, type Fields } from '../../testing/ask.ts';
import { batchOf } from '../../testing/batches.ts';
import { createTopic, PRODUCE_BY_NAME, produceTo } from '../../testing/calls.ts';
import {
  addPartitions,
  endTransaction,
  initialized,
  transactionCoordinator,
  transactionState,
} from '../../testing/transaction-calls.ts';
import type { SimulatedClient } from '../../testing/simulated-client.ts';
import { simulate, type SimulatedCluster } from '../../testing/simulated-cluster.ts';

const SETTINGS = [
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found=true',
];

/** Rules for whoever the clients of the simulated world are; ALLOW unless it says otherwise. */
async function rule(
  client: SimulatedClient,
  resourceType: number,
  resourceName: string,
  operation: number,
  permissionType: number = PermissionType.ALLOW,
  principal = 'User:ANONYMOUS',
): Promise<void> {
  const answer = await ask(client, createAclsRequest, createAclsResponse, {
    creations: [
      {
        resourceType,
        resourceName,
        resourcePatternType: PatternType.LITERAL,
        principal,
        host: '*',
        operation,
        permissionType,
      },
    ],
  });
  assert.equal(answer.results[0]?.errorCode, ErrorCode.NONE);
}

const deny = (client: SimulatedClient, type: number, name: string, operation: number): Promise<void> =>
  rule(client, type, name, operation, PermissionType.DENY);

const withRules = (
  body: (client: SimulatedClient, cluster: SimulatedCluster) => Promise<void>,
  brokers = 1,
): Promise<void> =>
  simulate({ settings: SETTINGS, brokers }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'open');
    await createTopic(client, 'closed');
    await body(client, cluster);
  });

const { TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID } = ResourceType;

async function produced(client: SimulatedClient, topic: string): Promise<number | undefined> {
  const request = produceTo(topic, 0, batchOf(['value']));
  const answer = await client.request(produceRequest, produceResponse, request, PRODUCE_BY_NAME);
  return answer.responses[0]?.partitionResponses[0]?.errorCode;
}

test('produce and fetch: a denied topic is refused, the others go on', () =>
  withRules(async (client, cluster) => {
    assert.equal(await produced(client, 'closed'), ErrorCode.NONE);
    await deny(client, TOPIC, 'closed', AclOperation.WRITE);
    assert.equal(await produced(client, 'closed'), ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    assert.equal(await produced(client, 'open'), ErrorCode.NONE);
    await rule(client, TOPIC, 'closed', AclOperation.READ);
    const topicId = (name: string) =>
      uuidFromString(cluster.running.brokers[0]?.services.metadata.image.topics.get(name)?.id ?? '');
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000 }];
    const session = {
      maxBytes: 100_000,
      maxWaitMs: 0,
      sessionEpoch: 0,
      topics: ['open', 'closed'].map((name) => ({ topicId: topicId(name), partitions })),
    };
    const first = await ask(client, fetchRequest, fetchResponse, session);
    assert.notEqual(first.sessionId, 0);
    assert.deepEqual(
      first.responses.map((topic) => topic.partitions[0]?.errorCode),
      [ErrorCode.NONE, ErrorCode.NONE],
    );
    await deny(client, TOPIC, 'closed', AclOperation.READ);
    const { sessionId } = first;
    const next = await ask(client, fetchRequest, fetchResponse, {
      ...session,
      topics: [],
      sessionId,
      sessionEpoch: 1,
    });
    assert.ok(
      next.responses.some((topic) => topic.partitions[0]?.errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED),
      'a rule counts in a session that is older than it',
    );
  }));

test('metadata: refused by name, left out of all, unknown by id; operations are those that are allowed', () =>
  withRules(async (client, cluster) => {
    await rule(client, TOPIC, 'closed', AclOperation.ALL, PermissionType.ALLOW, 'User:somebody');
    await rule(client, TOPIC, 'open', AclOperation.READ);
    const describe = (topics: Fields<MetadataRequestTopic>[]) =>
      ask(client, metadataRequest, metadataResponse, {
        topics,
        includeTopicAuthorizedOperations: true,
      });
    const named = await describe([{ name: 'open' }, { name: 'closed' }]);
    assert.deepEqual(
      named.topics.map(({ name, errorCode }) => [name, errorCode]),
      [
        ['open', ErrorCode.NONE],
        ['closed', ErrorCode.TOPIC_AUTHORIZATION_FAILED],
      ],
    );
    assert.equal(named.topics[0]?.topicAuthorizedOperations, (1 << 3) | (1 << 8), 'READ, and so DESCRIBE');
    const all = await ask(client, metadataRequest, metadataResponse, {
      topics: null,
    });
    assert.deepEqual(
      all.topics.map(({ name }) => name),
      ['open'],
    );
    const id = cluster.running.brokers[0]?.services.metadata.image.topics.get('closed')?.id ?? '';
    const byId = await describe([{ name: null, topicId: uuidFromString(id) }]);
    assert.equal(byId.topics[0]?.errorCode, ErrorCode.UNKNOWN_TOPIC_ID);
    const old = await ask(client, metadataRequest, metadataResponse, { topics: [{ name: 'closed' }] }, 0);
    assert.deepEqual(
      old.topics.map(({ name, errorCode }) => [name, errorCode]),
      [['closed', ErrorCode.TOPIC_AUTHORIZATION_FAILED]],
    );
  }));

test('topics are made and deleted by those who may', () =>
  withRules(async (client) => {
    await rule(client, CLUSTER, 'kafka-cluster', AclOperation.ALTER);
    await rule(client, TOPIC, 'mine', AclOperation.CREATE);
    await rule(client, TOPIC, '*', AclOperation.DESCRIBE);
    const topics = ['mine', 'theirs'].map((name) => ({ name, numPartitions: 1, replicationFactor: 1 }));
    const created = await ask(client, createTopicsRequest, createTopicsResponse, { topics });
    assert.deepEqual(
      created.topics.map(({ name, errorCode, topicConfigErrorCode }) => [
        name,
        errorCode,
        topicConfigErrorCode,
      ]),
      [
        ['mine', ErrorCode.NONE, ErrorCode.TOPIC_AUTHORIZATION_FAILED],
        ['theirs', ErrorCode.TOPIC_AUTHORIZATION_FAILED, ErrorCode.NONE],
      ],
    );
    const deleted = await ask(client, deleteTopicsRequest, deleteTopicsResponse, {
      topics: [{ name: 'mine' }],
    });
    assert.equal(deleted.responses[0]?.errorCode, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  }));

test('groups: members, commits and lookers-on', () =>
  withRules(async (client) => {
    const commit = (groupId: string) =>
      ask(
        client,
        offsetCommitRequest,
        offsetCommitResponse,
        {
          groupId,
          generationIdOrMemberEpoch: -1,
          topics: [
            { name: 'open', partitions: [{ partitionIndex: 0, committedOffset: 1 }] },
            { name: 'closed', partitions: [{ partitionIndex: 0, committedOffset: 1 }] },
          ],
        },
        9,
      );
    const errors = async (groupId: string) =>
      (await commit(groupId)).topics.map(({ name, partitions }) => [name, partitions[0]?.errorCode]);
    await ask(client, findCoordinatorRequest, findCoordinatorResponse, { coordinatorKeys: ['g', 'h'] });
    await deny(client, TOPIC, 'closed', AclOperation.READ);
    assert.deepEqual(await errors('g'), [
      ['open', ErrorCode.NONE],
      ['closed', ErrorCode.TOPIC_AUTHORIZATION_FAILED],
    ]);
    await commit('h');
    await deny(client, GROUP, 'g', AclOperation.ALL);
    assert.deepEqual(await errors('g'), [
      ['open', ErrorCode.GROUP_AUTHORIZATION_FAILED],
      ['closed', ErrorCode.GROUP_AUTHORIZATION_FAILED],
    ]);
    const joined = await ask(client, joinGroupRequest, joinGroupResponse, {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range' }],
    });
    assert.equal(joined.errorCode, ErrorCode.GROUP_AUTHORIZATION_FAILED);
    const fetched = await ask(
      client,
      offsetFetchRequest,
      offsetFetchResponse,
      {
        groups: [
          { groupId: 'g', topics: [] },
          { groupId: 'h', topics: [{ name: 'open', partitionIndexes: [0] }] },
        ],
      },
      9,
    );
    assert.deepEqual(
      fetched.groups.map(({ groupId, errorCode }) => [groupId, errorCode]),
      [
        ['h', ErrorCode.NONE],
        ['g', ErrorCode.GROUP_AUTHORIZATION_FAILED],
      ],
    );
    const found = await ask(client, findCoordinatorRequest, findCoordinatorResponse, {
      coordinatorKeys: ['g'],
    });
    assert.equal(found.coordinators[0]?.errorCode, ErrorCode.GROUP_AUTHORIZATION_FAILED);
    await rule(client, CLUSTER, 'kafka-cluster', AclOperation.CREATE);
    const listed = await ask(client, listGroupsRequest, listGroupsResponse, {});
    assert.deepEqual(
      listed.groups.map(({ groupId }) => groupId),
      ['h'],
    );
  }));

test('transactions and idempotence', () =>
  withRules(async (client) => {
    const init = (transactionalId: string | null) =>
      ask(client, initProducerIdRequest, initProducerIdResponse, {
        transactionalId,
        transactionTimeoutMs: 10_000,
      });
    await ask(client, findCoordinatorRequest, findCoordinatorResponse, {
      keyType: 1,
      coordinatorKeys: ['t'],
    });
    assert.equal((await init('t')).errorCode, ErrorCode.NONE);
    await deny(client, TRANSACTIONAL_ID, 't', AclOperation.WRITE);
    assert.equal((await init('t')).errorCode, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    const ended = await ask(client, endTxnRequest, endTxnResponse, { transactionalId: 't' });
    assert.equal(ended.errorCode, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    assert.equal((await init(null)).errorCode, ErrorCode.NONE);
    await deny(client, TOPIC, '*', AclOperation.WRITE);
    await deny(client, CLUSTER, 'kafka-cluster', AclOperation.IDEMPOTENT_WRITE);
    assert.equal((await init(null)).errorCode, ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  }));

test('configs belong to their resource; the operations of the cluster are those that are allowed', () =>
  withRules(async (client) => {
    await rule(client, CLUSTER, 'kafka-cluster', AclOperation.ALTER);
    await deny(client, TOPIC, 'closed', AclOperation.DESCRIBE_CONFIGS);
    await deny(client, CLUSTER, 'kafka-cluster', AclOperation.DESCRIBE_CONFIGS);
    const described = await ask(client, describeConfigsRequest, describeConfigsResponse, {
      resources: [
        { resourceType: 2, resourceName: 'open' },
        { resourceType: 2, resourceName: 'closed' },
        { resourceType: 4, resourceName: '0' },
      ],
    });
    assert.deepEqual(
      described.results.map(({ errorCode }) => errorCode),
      [ErrorCode.NONE, ErrorCode.TOPIC_AUTHORIZATION_FAILED, ErrorCode.CLUSTER_AUTHORIZATION_FAILED],
    );
    const cluster = await ask(client, describeClusterRequest, describeClusterResponse, {
      endpointType: 1,
      includeClusterAuthorizedOperations: true,
    });
    assert.equal(
      cluster.clusterAuthorizedOperations,
      (1 << AclOperation.ALTER) | (1 << AclOperation.DESCRIBE),
    );
  }));

test('brokers of the cluster end transactions whatever clients may not do', () =>
  withRules(async (client, cluster) => {
    await deny(client, CLUSTER, 'kafka-cluster', AclOperation.ALL);
    await createTopic(client, 'spread', 6);
    const coordinator = await transactionCoordinator(cluster, client, 'x');
    const producer = await initialized(cluster, coordinator, 'x');
    assert.equal(await addPartitions(coordinator, producer, 'spread', [0, 1, 2, 3, 4, 5]), 'NONE');
    assert.equal((await endTransaction(coordinator, producer, true)).error, 'NONE');
    await cluster.sleep(1_000);
    assert.equal(await transactionState(coordinator, 'x'), 'CompleteCommit', 'on all three brokers');
  }, 3));
