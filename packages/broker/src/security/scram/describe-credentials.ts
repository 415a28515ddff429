// Decides DescribeUserScramCredentials (KIP-554): which mechanisms users have, never what they are checked with.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import { refusal, SUCCESS, type Outcome } from '../../settings/outcome.ts';

export interface DescribedUser extends Outcome {
  readonly user: string;
  readonly credentials: readonly { readonly mechanism: number; readonly iterations: number }[];
}

/** Of the users that are named, in their order; without names of all. */
export function describeCredentials(
  image: MetadataImage,
  users: readonly string[] | null,
): readonly DescribedUser[] {
  const byUser = Map.groupBy(image.scramCredentials.values(), ({ user }) => user);
  const asked = users === null || users.length === 0 ? [...byUser.keys()] : users;
  return [...new Set(asked)].map((user) => {
    if (asked.indexOf(user) !== asked.lastIndexOf(user))
      return {
        user,
        credentials: [],
        ...refusal(
          ErrorCode.DUPLICATE_RESOURCE,
          `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`,
        ),
      };
    const credentials = byUser.get(user);
    if (credentials !== undefined) return { user, credentials, ...SUCCESS };
    return {
      user,
      credentials: [],
      ...refusal(
        ErrorCode.RESOURCE_NOT_FOUND,
        `Attempt to describe a user credential that does not exist: ${user}`,
      ),
    };
  });
}
