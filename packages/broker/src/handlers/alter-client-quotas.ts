// AlterClientQuotas: sets and removes quotas of users, client ids and addresses.
import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  newAlterClientQuotasResponse,
  newAlterClientQuotasResponseEntityData,
  newAlterClientQuotasResponseEntryData,
  type AlterClientQuotasRequest,
  type AlterClientQuotasResponse,
} from '@moldau/protocol/generated/alter-client-quotas.ts';
import { alterClientQuotas as decide } from '../security/quotas/alter-client-quotas.ts';
import { alterClientQuotas as guard } from './access/cluster-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

export const alterClientQuotas = defineApi<AlterClientQuotasRequest, AlterClientQuotasResponse>({
  request: alterClientQuotasRequest,
  response: alterClientQuotasResponse,
  guard,
  async handle(services, _context, request) {
    const { entries, validateOnly } = request;
    const { answer, failure } = await propose(services, (image) => decide(image, entries, { validateOnly }));
    const results = answer ?? entries.map(({ entity }) => ({ entity, ...failure }));
    return newAlterClientQuotasResponse({
      entries: results.map(({ entity, errorCode, errorMessage }) =>
        newAlterClientQuotasResponseEntryData({
          errorCode,
          errorMessage,
          entity: entity.map((named) => newAlterClientQuotasResponseEntityData(named)),
        }),
      ),
    });
  },
});
