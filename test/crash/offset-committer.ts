// A group that commits ever higher offsets and looks, after each restart, whether what was acknowledged is still there.
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
  newFindCoordinatorRequest,
} from '@moldau/protocol/generated/find-coordinator.ts';
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
  offsetCommitRequest,
  offsetCommitResponse,
} from '@moldau/protocol/generated/offset-commit.ts';
import {
  newOffsetFetchRequest,
  newOffsetFetchRequestGroup,
  newOffsetFetchRequestTopics,
  offsetFetchRequest,
  offsetFetchResponse,
} from '@moldau/protocol/generated/offset-fetch.ts';
import type { CrashRun } from './crash-run.ts';
import { retryWhileLoading } from './retry-while-loading.ts';
import type { WireClient } from './wire-client.ts';

const GROUP = 'crash-test';
/** The last versions that name topics. */
const COMMIT_VERSION = 9;
const FETCH_VERSION = 9;

/** Finds the coordinator (which makes the internal topic) and checks that no acknowledged commit is gone. */
export async function checkCommitted(client: WireClient, run: CrashRun): Promise<void> {
  await client.request(
    findCoordinatorRequest,
    findCoordinatorResponse,
    newFindCoordinatorRequest({ coordinatorKeys: [GROUP] }),
  );
  const topics = [
    newOffsetFetchRequestTopics({
      name: run.topic,
      partitionIndexes: Array.from({ length: run.partitions }, (_, i) => i),
    }),
  ];
  const request = newOffsetFetchRequest({ groups: [newOffsetFetchRequestGroup({ groupId: GROUP, topics })] });
  const group = await retryWhileLoading(async () => {
    const answer = (await client.request(offsetFetchRequest, offsetFetchResponse, request, FETCH_VERSION))
      .groups[0];
    return { error: answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR, answer };
  });
  for (const partition of group?.topics[0]?.partitions ?? []) {
    const index = partition.partitionIndex;
    const found = Math.max(0, partition.committedOffset);
    if (found < (run.committed[index] as number)) {
      run.violations.push(
        `the committed offset of partition ${index} went back from ${run.committed[index]} to ${found}`,
      );
    }
    if (found > (run.commitAsked[index] as number)) {
      run.violations.push(`partition ${index} has the committed offset ${found}, which nobody asked for`);
    }
  }
}

/** Commits the number of acknowledged records of each partition, once. */
export async function commitOnce(client: WireClient, run: CrashRun): Promise<void> {
  const asked = run.acknowledged.map((offsets) => offsets.length);
  for (const [index, offset] of asked.entries())
    run.commitAsked[index] = Math.max(run.commitAsked[index] as number, offset);
  const partitions = asked.map((offset, index) =>
    newOffsetCommitRequestPartition({ partitionIndex: index, committedOffset: offset }),
  );
  const request = newOffsetCommitRequest({
    groupId: GROUP,
    generationIdOrMemberEpoch: -1,
    topics: [newOffsetCommitRequestTopic({ name: run.topic, partitions })],
  });
  const answer = await client.request(offsetCommitRequest, offsetCommitResponse, request, COMMIT_VERSION);
  for (const partition of answer.topics[0]?.partitions ?? []) {
    if (partition.errorCode === ErrorCode.NONE)
      run.committed[partition.partitionIndex] = asked[partition.partitionIndex] as number;
    else if (
      partition.errorCode !== ErrorCode.COORDINATOR_LOAD_IN_PROGRESS &&
      partition.errorCode !== ErrorCode.NOT_COORDINATOR
    ) {
      run.violations.push(
        `a commit of partition ${partition.partitionIndex} was refused: ${errorName(partition.errorCode)}`,
      );
    }
  }
}
