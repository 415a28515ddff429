// DescribeClientQuotas: which quotas users, client ids and addresses have.
import {
  describeClientQuotasRequest,
  describeClientQuotasResponse,
  newDescribeClientQuotasResponse,
  newEntityData,
  newEntryData,
  newValueData,
  type DescribeClientQuotasRequest,
  type DescribeClientQuotasResponse,
} from '@moldau/protocol/generated/describe-client-quotas.ts';
import { describeClientQuotas as describe } from '../security/quotas/describe-client-quotas.ts';
import { describeClientQuotas as guard } from './access/cluster-guards.ts';
import { defineApi } from './services.ts';

export const describeClientQuotas = defineApi<DescribeClientQuotasRequest, DescribeClientQuotasResponse>({
  request: describeClientQuotasRequest,
  response: describeClientQuotasResponse,
  guard,
  handle(services, _context, request) {
    const found = describe(services.metadata.image, request.components, request.strict);
    if ('errorCode' in found)
      return newDescribeClientQuotasResponse({
        errorCode: found.errorCode,
        errorMessage: found.errorMessage,
        entries: null,
      });
    return newDescribeClientQuotasResponse({
      errorMessage: '',
      entries: found.map(({ entity, values }) =>
        newEntryData({
          entity: Object.entries(entity).map(([entityType, entityName]) =>
            newEntityData({ entityType, entityName }),
          ),
          values: [...values].map(([key, value]) => newValueData({ key, value })),
        }),
      ),
    });
  },
});
