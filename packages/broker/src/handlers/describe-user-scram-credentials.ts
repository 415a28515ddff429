// DescribeUserScramCredentials: which mechanisms users can log in with.
import {
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
  newCredentialInfo,
  newDescribeUserScramCredentialsResponse,
  newDescribeUserScramCredentialsResult,
  type DescribeUserScramCredentialsRequest,
  type DescribeUserScramCredentialsResponse,
} from '@moldau/protocol/generated/describe-user-scram-credentials.ts';
import { describeCredentials } from '../security/scram/describe-credentials.ts';
import { describeUserScramCredentials as guard } from './access/cluster-guards.ts';
import { defineApi } from './services.ts';

export const describeUserScramCredentials = defineApi<
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse
>({
  request: describeUserScramCredentialsRequest,
  response: describeUserScramCredentialsResponse,
  guard,
  handle(services, _context, request) {
    const users = request.users?.map(({ name }) => name) ?? null;
    return newDescribeUserScramCredentialsResponse({
      errorMessage: null,
      results: describeCredentials(services.metadata.image, users).map(
        ({ user, errorCode, errorMessage, credentials }) =>
          newDescribeUserScramCredentialsResult({
            user,
            errorCode,
            errorMessage,
            credentialInfos: credentials.map(({ mechanism, iterations }) =>
              newCredentialInfo({ mechanism, iterations }),
            ),
          }),
      ),
    });
  },
});
