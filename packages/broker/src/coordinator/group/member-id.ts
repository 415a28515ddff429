// Member ids are given out by the coordinator: a name for people to read, and a random UUID (version 4) that nobody guesses.
import type { Random } from '@moldau/runtime';

/** Keeps the id within what a string of the protocol can be, whatever the client calls itself. */
const MAX_PREFIX_LENGTH = 8_192;

/** `<prefix>-<uuid>`; the prefix is the client id, or the instance id of a static member. */
export function newMemberId(random: Random, prefix: string): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${prefix.slice(0, MAX_PREFIX_LENGTH)}-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
