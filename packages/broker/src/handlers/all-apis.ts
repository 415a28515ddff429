// The table of everything this broker answers. What is here is advertised, and nothing else.
import { addOffsetsToTxn } from './add-offsets-to-txn.ts';
import { addPartitionsToTxn } from './add-partitions-to-txn.ts';
import { alterClientQuotas } from './alter-client-quotas.ts';
import { alterConfigs } from './alter-configs.ts';
import { alterPartitionReassignments } from './alter-partition-reassignments.ts';
import { alterReplicaLogDirs } from './alter-replica-log-dirs.ts';
import { alterUserScramCredentials } from './alter-user-scram-credentials.ts';
import { apiVersions } from './api-versions.ts';
import { createAcls } from './create-acls.ts';
import { createPartitions } from './create-partitions.ts';
import { createTopics } from './create-topics.ts';
import { deleteAcls } from './delete-acls.ts';
import { deleteGroups } from './delete-groups.ts';
import { deleteRecords } from './delete-records.ts';
import { deleteTopics } from './delete-topics.ts';
import { describeAcls } from './describe-acls.ts';
import { describeClientQuotas } from './describe-client-quotas.ts';
import { describeCluster } from './describe-cluster.ts';
import { describeConfigs } from './describe-configs.ts';
import { describeGroups } from './describe-groups.ts';
import { describeLogDirs } from './describe-log-dirs.ts';
import { describeProducers } from './describe-producers.ts';
import { describeQuorum } from './describe-quorum.ts';
import { describeTopicPartitions } from './describe-topic-partitions.ts';
import { describeTransactions } from './describe-transactions.ts';
import { describeUserScramCredentials } from './describe-user-scram-credentials.ts';
import { electLeaders } from './elect-leaders.ts';
import { endTxn } from './end-txn.ts';
import { fetch } from './fetch.ts';
import { findCoordinator } from './find-coordinator.ts';
import { getTelemetrySubscriptions } from './get-telemetry-subscriptions.ts';
import { heartbeat } from './heartbeat.ts';
import { incrementalAlterConfigs } from './incremental-alter-configs.ts';
import { initProducerId } from './init-producer-id.ts';
import { joinGroup } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { listConfigResources } from './list-config-resources.ts';
import { listGroups } from './list-groups.ts';
import { listOffsets } from './list-offsets.ts';
import { listPartitionReassignments } from './list-partition-reassignments.ts';
import { listTransactions } from './list-transactions.ts';
import { metadata } from './metadata.ts';
import { offsetCommit } from './offset-commit.ts';
import { offsetDelete } from './offset-delete.ts';
import { offsetFetch } from './offset-fetch.ts';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts';
import { produce } from './produce.ts';
import { pushTelemetry } from './push-telemetry.ts';
import type { AnyApi } from './services.ts';
import { syncGroup } from './sync-group.ts';
import { txnOffsetCommit } from './txn-offset-commit.ts';
import { unregisterBroker } from './unregister-broker.ts';
import { updateFeatures } from './update-features.ts';
import { writeTxnMarkers } from './write-txn-markers.ts';

/** Every API by its key. */
export function allApis(): ReadonlyMap<number, AnyApi> {
  const apis = new Map<number, AnyApi>();
  const all = [
    addOffsetsToTxn,
    addPartitionsToTxn,
    alterClientQuotas,
    alterConfigs,
    alterPartitionReassignments,
    alterReplicaLogDirs,
    alterUserScramCredentials,
    apiVersions(() => apis.values()),
    createAcls,
    createPartitions,
    createTopics,
    deleteAcls,
    deleteGroups,
    deleteRecords,
    deleteTopics,
    describeAcls,
    describeClientQuotas,
    describeCluster,
    describeConfigs,
    describeGroups,
    describeLogDirs,
    describeProducers,
    describeQuorum,
    describeTopicPartitions,
    describeTransactions,
    describeUserScramCredentials,
    electLeaders,
    endTxn,
    fetch,
    findCoordinator,
    getTelemetrySubscriptions,
    heartbeat,
    incrementalAlterConfigs,
    initProducerId,
    joinGroup,
    leaveGroup,
    listConfigResources,
    listGroups,
    listOffsets,
    listPartitionReassignments,
    listTransactions,
    metadata,
    offsetCommit,
    offsetDelete,
    offsetFetch,
    offsetForLeaderEpoch,
    produce,
    pushTelemetry,
    syncGroup,
    txnOffsetCommit,
    unregisterBroker,
    updateFeatures,
    writeTxnMarkers,
  ];
  for (const api of all) apis.set(api.request.apiKey, api);
  return apis;
}
