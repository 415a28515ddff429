// Ids of clusters and topics: 16 random bytes, as base64url without padding, which is how Kafka writes its uuids.
import type { Random } from '@moldau/runtime';

const UUID_BYTES = 16;

export function newClusterId(random: Random): string {
  return newUuid(random);
}

/** An id for a new topic that no topic has had: never one of Kafka's reserved uuids (zero, one), nor one that begins with a dash, which tools take for a flag. */
export function newTopicId(random: Random): string {
  return newUuid(random);
}

function newUuid(random: Random): string {
  for (;;) {
    const bytes = random.bytes(UUID_BYTES);
    const text = Buffer.from(bytes).toString('base64url');
    if (!text.startsWith('-') && bytes.subarray(0, UUID_BYTES - 1).some((byte) => byte !== 0)) {
      return text;
    }
  }
}
