// The attacks, in the order in which they are told of. One that is not named here does not run.
import type { Attack } from '../attack.ts';
import { conversation } from './conversation.ts';
import { deafReader } from './deaf-reader.ts';
import { drip } from './drip.ts';
import { halfOpen } from './half-open.ts';
import { manyConnections } from './many-connections.ts';
import { mutatedRequests } from './mutated-requests.ts';
import { randomBytesAttack } from './random-bytes.ts';

export const allAttacks: readonly Attack[] = [
  conversation,
  mutatedRequests,
  randomBytesAttack,
  drip,
  halfOpen,
  deafReader,
  manyConnections,
];
