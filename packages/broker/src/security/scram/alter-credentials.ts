// Decides AlterUserScramCredentials (KIP-554): each user's credential is set or taken away, or it is said why not; codes and texts are Kafka's.
import { createHash, createHmac } from 'node:crypto';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { MetadataChange } from '../../metadata/change.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import { scramKey, ScramMechanism, type ScramCredential } from '../../metadata/scram-credential.ts';
import { refusal, SUCCESS, type Outcome } from '../../settings/outcome.ts';

export interface CredentialDeletion {
  readonly name: string;
  readonly mechanism: number;
}

export interface CredentialUpsertion extends CredentialDeletion {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly saltedPassword: Uint8Array;
}

export interface AlteredCredential extends Outcome {
  readonly user: string;
}

/** Kafka's bounds: fewer iterations are too weak, more would let one login keep a broker busy. */
const MIN_ITERATIONS = 4096;
const MAX_ITERATIONS = 16_384;
/** Credentials in the cluster: each is held in memory and in the metadata's snapshots. */
export const MAX_CREDENTIALS = 100_000;

const HASHES: Readonly<Record<number, 'sha256' | 'sha512'>> = {
  [ScramMechanism.SCRAM_SHA_256]: 'sha256',
  [ScramMechanism.SCRAM_SHA_512]: 'sha512',
};

/** For `MetadataStore.propose`: one answer a user. */
export function alterCredentials(
  image: MetadataImage,
  deletions: readonly CredentialDeletion[],
  upsertions: readonly CredentialUpsertion[],
): { readonly changes: readonly MetadataChange[]; readonly answer: readonly AlteredCredential[] } {
  const named = [...deletions, ...upsertions].map(({ name }) => name);
  const twice = new Set(named.filter((name, index) => named.indexOf(name) !== index));
  const answers = new Map<string, Outcome>();
  const removed: string[] = [];
  const added: ScramCredential[] = [];
  for (const name of twice)
    answers.set(
      name,
      refusal(ErrorCode.DUPLICATE_RESOURCE, 'A user credential cannot be altered twice in the same request'),
    );
  for (const { name, mechanism } of deletions) {
    if (twice.has(name)) continue;
    const key = scramKey(name, mechanism);
    const problem = userProblem(name, mechanism) ?? (image.scramCredentials.has(key) ? undefined : ABSENT);
    answers.set(name, problem ?? SUCCESS);
    if (problem === undefined) removed.push(key);
  }
  for (const upsertion of upsertions) {
    if (twice.has(upsertion.name)) continue;
    const problem = upsertionProblem(upsertion) ?? roomProblem(image.scramCredentials.size + added.length);
    answers.set(upsertion.name, problem ?? SUCCESS);
    if (problem === undefined) added.push(credentialOf(upsertion));
  }
  const changed = added.length + removed.length > 0;
  return {
    changes: changed ? [{ kind: 'scram-credentials-changed', added, removed }] : [],
    answer: [...answers].map(([user, outcome]) => ({ user, ...outcome })),
  };
}

const ABSENT = refusal(
  ErrorCode.RESOURCE_NOT_FOUND,
  'Attempt to delete a user credential that does not exist',
);

function userProblem(user: string, mechanism: number): Outcome | undefined {
  if (user === '') return refusal(ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Username must not be empty');
  if (HASHES[mechanism] === undefined)
    return refusal(ErrorCode.UNSUPPORTED_SASL_MECHANISM, 'Unknown SCRAM mechanism');
  return undefined;
}

function upsertionProblem({ name, mechanism, iterations }: CredentialUpsertion): Outcome | undefined {
  const problem = userProblem(name, mechanism);
  if (problem !== undefined) return problem;
  if (iterations < MIN_ITERATIONS) return refusal(ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Too few iterations');
  if (iterations > MAX_ITERATIONS) return refusal(ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Too many iterations');
  return undefined;
}

function roomProblem(credentials: number): Outcome | undefined {
  return credentials < MAX_CREDENTIALS
    ? undefined
    : refusal(
        ErrorCode.POLICY_VIOLATION,
        `There are ${MAX_CREDENTIALS} credentials already, which is as many as there may be.`,
      );
}

/** RFC 5802, section 3: ClientKey, StoredKey and ServerKey from the salted password. */
function credentialOf(upsertion: CredentialUpsertion): ScramCredential {
  const { name, mechanism, iterations, salt, saltedPassword } = upsertion;
  const hash = HASHES[mechanism] ?? 'sha256';
  const keyed = (text: string): Buffer => createHmac(hash, saltedPassword).update(text).digest();
  return {
    user: name,
    mechanism,
    iterations,
    salt: Buffer.from(salt).toString('base64'),
    storedKey: createHash(hash).update(keyed('Client Key')).digest('base64'),
    serverKey: keyed('Server Key').toString('base64'),
  };
}
