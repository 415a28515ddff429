// CreateAcls: adds access rules.
import {
  createAclsRequest,
  createAclsResponse,
  newAclCreationResult,
  newCreateAclsResponse,
  type CreateAclsRequest,
  type CreateAclsResponse,
} from '@moldau/protocol/generated/create-acls.ts';
import { createAcls as decide } from '../security/acls/alter-acls.ts';
import type { Outcome } from '../settings/outcome.ts';
import { mayAlterAcls } from './acls-allowed.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

export const createAcls = defineApi<CreateAclsRequest, CreateAclsResponse>({
  request: createAclsRequest,
  response: createAclsResponse,
  async handle(services, context, request) {
    const bindings = request.creations.map(({ resourcePatternType, ...binding }) => ({
      ...binding,
      patternType: resourcePatternType,
    }));
    const results = (outcomes: readonly Outcome[]) =>
      newCreateAclsResponse({
        results: outcomes.map(({ errorCode, errorMessage }) =>
          newAclCreationResult({ errorCode, errorMessage }),
        ),
      });
    const refused = mayAlterAcls(services, context);
    if (refused !== undefined) return results(bindings.map(() => refused));
    const { answer, failure } = await propose(services, (image) => decide(image, bindings));
    return results(answer ?? bindings.map(() => failure));
  },
});
