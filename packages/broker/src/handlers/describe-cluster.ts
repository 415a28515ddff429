// DescribeCluster: the brokers of the cluster and which one answers for it.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  describeClusterRequest,
  describeClusterResponse,
  newDescribeClusterBroker,
  newDescribeClusterResponse,
  type DescribeClusterRequest,
  type DescribeClusterResponse,
} from '@moldau/protocol/generated/describe-cluster.ts';
import { describeCluster as guard } from './access/cluster-guards.ts';
import { CLUSTER_OPERATIONS } from './authorized-operations.ts';
import { controllerOf } from './metadata.ts';
import { defineApi } from './services.ts';

const BROKER_ENDPOINTS = 1;
const CONTROLLER_ENDPOINTS = 2;

export const describeCluster = defineApi<DescribeClusterRequest, DescribeClusterResponse>({
  request: describeClusterRequest,
  response: describeClusterResponse,
  guard,
  handle(services, _context, request) {
    if (request.endpointType !== BROKER_ENDPOINTS) {
      const known = request.endpointType === CONTROLLER_ENDPOINTS;
      return newDescribeClusterResponse({
        errorCode: known ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
        errorMessage: known
          ? 'The request was sent to a broker, but asks for the endpoints of controllers.'
          : `There is no endpoint type ${request.endpointType}.`,
      });
    }
    const image = services.metadata.image;
    return newDescribeClusterResponse({
      clusterId: image.clusterId,
      controllerId: controllerOf(image),
      brokers: [...image.brokers.values()].map(({ id, host, port, rack }) =>
        newDescribeClusterBroker({ brokerId: id, host, port, rack }),
      ),
      ...(request.includeClusterAuthorizedOperations
        ? { clusterAuthorizedOperations: CLUSTER_OPERATIONS }
        : {}),
    });
  },
});
