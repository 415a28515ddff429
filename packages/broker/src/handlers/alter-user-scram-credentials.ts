// AlterUserScramCredentials: sets and takes away what users prove their passwords with.
import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
  newAlterUserScramCredentialsResponse,
  newAlterUserScramCredentialsResult,
  type AlterUserScramCredentialsRequest,
  type AlterUserScramCredentialsResponse,
} from '@moldau/protocol/generated/alter-user-scram-credentials.ts';
import { alterCredentials } from '../security/scram/alter-credentials.ts';
import { alterUserScramCredentials as guard } from './access/cluster-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

export const alterUserScramCredentials = defineApi<
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse
>({
  request: alterUserScramCredentialsRequest,
  response: alterUserScramCredentialsResponse,
  guard,
  async handle(services, _context, { deletions, upsertions }) {
    const { answer, failure } = await propose(services, (image) =>
      alterCredentials(image, deletions, upsertions),
    );
    const results = answer ?? [...deletions, ...upsertions].map(({ name }) => ({ user: name, ...failure }));
    return newAlterUserScramCredentialsResponse({
      results: results.map((result) => newAlterUserScramCredentialsResult(result)),
    });
  },
});
