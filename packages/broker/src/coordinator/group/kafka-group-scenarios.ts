// Tells the stories of group-scenarios.ts to a broker behind a socket and prints how they come out, in the form of the golden file:
//
//   node kafka-group-scenarios.ts HOST:PORT [part of a name]
//
// The broker needs a transaction coordinator, topics `orders` and `payments` with 3 partitions, and SCENARIO_SETTINGS times TIME_SCALE:
//   group.initial.rebalance.delay.ms=1500 group.min.session.timeout.ms=2500 group.max.session.timeout.ms=300000 group.max.size=3
import { setTimeout as sleep } from 'node:timers/promises';
import { joinGroupRequest, joinGroupResponse } from '@moldau/protocol/generated/join-group.ts';
import { syncGroupRequest, syncGroupResponse } from '@moldau/protocol/generated/sync-group.ts';
import { heartbeatRequest, heartbeatResponse } from '@moldau/protocol/generated/heartbeat.ts';
import { leaveGroupRequest, leaveGroupResponse } from '@moldau/protocol/generated/leave-group.ts';
import { offsetCommitRequest, offsetCommitResponse } from '@moldau/protocol/generated/offset-commit.ts';
import { offsetFetchRequest, offsetFetchResponse } from '@moldau/protocol/generated/offset-fetch.ts';
import { offsetDeleteRequest, offsetDeleteResponse } from '@moldau/protocol/generated/offset-delete.ts';
import { describeGroupsRequest, describeGroupsResponse } from '@moldau/protocol/generated/describe-groups.ts';
import { listGroupsRequest, listGroupsResponse } from '@moldau/protocol/generated/list-groups.ts';
import { deleteGroupsRequest, deleteGroupsResponse } from '@moldau/protocol/generated/delete-groups.ts';
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import {
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
  newAddOffsetsToTxnRequest,
} from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import { endTxnRequest, endTxnResponse, newEndTxnRequest } from '@moldau/protocol/generated/end-txn.ts';
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
  newFindCoordinatorRequest,
} from '@moldau/protocol/generated/find-coordinator.ts';
import {
  initProducerIdRequest,
  initProducerIdResponse,
  newInitProducerIdRequest,
} from '@moldau/protocol/generated/init-producer-id.ts';
import {
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
} from '@moldau/protocol/generated/txn-offset-commit.ts';
import type { TransactionalProducer } from '../coordinator-log.ts';
import { asksOf } from '../story-client.ts';
import type { ClientContext } from './group-coordinator.ts';
import { SCENARIOS } from './group-scenarios.ts';
import { GroupTranscript } from './group-transcript.ts';
import type { AnyCoordinator, Transactions } from './group-transcript.ts';

const TIME_SCALE = 5;
/** How long a broker may take to answer what it answers at once. */
const QUIET_MS = 300;

const [address = '127.0.0.1:9092', part = ''] = process.argv.slice(2);

const over = asksOf(address);

const coordinator: AnyCoordinator = {
  joinGroup: over(joinGroupRequest, joinGroupResponse),
  syncGroup: over(syncGroupRequest, syncGroupResponse),
  heartbeat: over(heartbeatRequest, heartbeatResponse),
  leaveGroup: over(leaveGroupRequest, leaveGroupResponse),
  offsetCommit: over(offsetCommitRequest, offsetCommitResponse),
  offsetFetch: over(offsetFetchRequest, offsetFetchResponse),
  offsetDelete: over(offsetDeleteRequest, offsetDeleteResponse),
  describeGroups: over(describeGroupsRequest, describeGroupsResponse),
  listGroups: over(listGroupsRequest, listGroupsResponse),
  txnOffsetCommit: over(txnOffsetCommitRequest, txnOffsetCommitResponse),
  deleteGroups: over(deleteGroupsRequest, deleteGroupsResponse),
};

const initProducerId = over(initProducerIdRequest, initProducerIdResponse);
const addOffsetsToTxn = over(addOffsetsToTxnRequest, addOffsetsToTxnResponse);
const endTxn = over(endTxnRequest, endTxnResponse);
/** Versions of clients before KIP-890: the epoch stays when a transaction ends. */
const VERSIONS = { initProducerId: 4, addOffsetsToTxn: 3, endTxn: 4 };
const TRANSACTION_TIMEOUT_MS = 60_000;
/** How long markers may take. */
const MARKERS_MS = 500;
const RETRIABLE: ReadonlySet<number> = new Set([
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
]);

/** Asks until the answer says that it is done: transactions of before may still be ending. */
async function untilDone<Response extends { readonly errorCode: number }>(
  ask: () => Promise<Response>,
): Promise<Response> {
  for (;;) {
    const response = await ask();
    if (response.errorCode === ErrorCode.NONE) return response;
    if (!RETRIABLE.has(response.errorCode)) throw new Error(errorName(response.errorCode));
    await sleep(QUIET_MS);
  }
}

class KafkaTransactions implements Transactions {
  readonly #producers = new Map<string, TransactionalProducer>();

  async init(transactionalId: string): Promise<TransactionalProducer> {
    const request = newInitProducerIdRequest({
      transactionalId,
      transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
      producerId: -1,
      producerEpoch: -1,
    });
    const { producerId, producerEpoch } = await untilDone(() =>
      initProducerId(request, client(VERSIONS.initProducerId)),
    );
    this.#producers.set(transactionalId, { producerId, producerEpoch });
    return { producerId, producerEpoch };
  }

  async addGroup(transactionalId: string, groupId: string): Promise<void> {
    const request = newAddOffsetsToTxnRequest({
      transactionalId,
      ...this.#producers.get(transactionalId),
      groupId,
    });
    await untilDone(() => addOffsetsToTxn(request, client(VERSIONS.addOffsetsToTxn)));
  }

  async end(transactionalId: string, committed: boolean): Promise<void> {
    const request = newEndTxnRequest({
      transactionalId,
      ...this.#producers.get(transactionalId),
      committed,
    });
    await untilDone(() => endTxn(request, client(VERSIONS.endTxn)));
    await sleep(MARKERS_MS);
  }
}

const client = (apiVersion: number): ClientContext => ({
  apiVersion,
  clientId: 'producer',
  clientHost: '/127.0.0.1',
});

/** Has the internal topics made, and waits until they have leaders. */
async function findCoordinators(): Promise<void> {
  const find = over(findCoordinatorRequest, findCoordinatorResponse);
  for (const keyType of [0, 1]) {
    await untilDone(async () => {
      const request = newFindCoordinatorRequest({ keyType, coordinatorKeys: ['any'] });
      const { coordinators } = await find(request, client(4));
      return { errorCode: coordinators[0]?.errorCode ?? ErrorCode.COORDINATOR_NOT_AVAILABLE };
    });
  }
}

await findCoordinators();
const run = Date.now();
const stories = await Promise.all(
  Object.entries(SCENARIOS)
    .filter(([name]) => name.includes(part))
    .map(async ([name, scenario], at) => {
      const stage = {
        coordinator,
        quiet: () => sleep(QUIET_MS),
        pass: (ms: number) => sleep(ms),
        timeScale: TIME_SCALE,
        transactions: new KafkaTransactions(),
      };
      const transcript = new GroupTranscript(stage, `scenario-${run}-${at}`);
      await scenario(transcript);
      return `## ${name}\n${transcript.read()}\n`;
    }),
);
process.stdout.write(stories.join('\n'), () => process.exit(0));
