// FindCoordinator: which broker coordinates a group or a transactional id. The internal topic that decides it is made when it is first needed.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
  newCoordinator,
  newFindCoordinatorResponse,
  type Coordinator,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from '@moldau/protocol/generated/find-coordinator.ts';
import { GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC } from '../metadata/internal-topics.ts';
import { findCoordinator as guard } from './access/transaction-guards.ts';
import { ensureInternalTopic } from './auto-create-topic.ts';
import { defineApi, type Services } from './services.ts';

const GROUP = 0;
const TRANSACTION = 1;
const SHARE = 2;
/** From this version on several keys are asked for at once. */
const BATCHED_VERSION = 4;

export const findCoordinator = defineApi<FindCoordinatorRequest, FindCoordinatorResponse>({
  request: findCoordinatorRequest,
  response: findCoordinatorResponse,
  guard,
  async handle(services, context, request) {
    const batched = context.apiVersion >= BATCHED_VERSION;
    const keys = batched ? request.coordinatorKeys : [request.key];
    const coordinators: Coordinator[] = [];
    for (const key of keys) coordinators.push(await find(services, key, request.keyType));
    if (batched) return newFindCoordinatorResponse({ coordinators });
    const [only] = coordinators;
    return newFindCoordinatorResponse({
      errorCode: only?.errorCode ?? ErrorCode.NONE,
      errorMessage: only?.errorMessage ?? null,
      nodeId: only?.nodeId ?? -1,
      host: only?.host ?? '',
      port: only?.port ?? -1,
    });
  },
});

async function find(services: Services, key: string, keyType: number): Promise<Coordinator> {
  const failed = (errorCode: ErrorCode, errorMessage: string | null) =>
    newCoordinator({ key, nodeId: -1, port: -1, errorCode, errorMessage });
  if (keyType === SHARE) return failed(ErrorCode.UNSUPPORTED_VERSION, 'This broker has no share groups yet.');
  if (keyType !== GROUP && keyType !== TRANSACTION)
    return failed(ErrorCode.INVALID_REQUEST, `There is no kind of coordinator ${keyType}.`);
  const topic = keyType === GROUP ? GROUP_METADATA_TOPIC : TRANSACTION_STATE_TOPIC;
  const error = await ensureInternalTopic(services, topic);
  if (error !== ErrorCode.NONE)
    return failed(ErrorCode.COORDINATOR_NOT_AVAILABLE, `The topic ${topic} could not be made.`);
  const image = services.metadata.image;
  const coordinator = keyType === GROUP ? services.groups : services.transactions;
  const partition = image.topics.get(topic)?.partitions[coordinator.partitionFor(key)];
  const broker = partition === undefined ? undefined : image.brokers.get(partition.leader);
  if (broker === undefined) return failed(ErrorCode.COORDINATOR_NOT_AVAILABLE, null);
  return newCoordinator({ key, nodeId: broker.id, host: broker.host, port: broker.port, errorMessage: null });
}
