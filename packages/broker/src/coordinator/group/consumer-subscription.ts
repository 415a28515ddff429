// The topics that a consumer subscribes to, read out of the metadata that it joins with (ConsumerProtocolSubscription). The coordinator needs
// no more than that, and only to keep or delete offsets; so it reads the part that is the same in all versions and accepts versions to come:
//
//   version int16 | topics: count int32, then each: length int16, UTF-8 | ... what later versions added
//
// Members may send anything here: bytes that are not a subscription mean that the topics are unknown.
import { memberMetadata } from './classic-group.ts';
import type { ClassicGroup } from './classic-group.ts';

/** The protocol type of consumers. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The topics of one subscription, or undefined if the bytes are none. */
export function subscribedTopicsOf(metadata: Uint8Array): string[] | undefined {
  const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.byteLength);
  if (metadata.byteLength < 6 || view.getInt16(0) < 0) return undefined;
  const count = view.getInt32(2);
  let at = 6;
  if (count < 0 || count > (metadata.byteLength - at) / 2) return undefined;
  const topics: string[] = [];
  for (let left = count; left > 0; left--) {
    if (at + 2 > metadata.byteLength) return undefined;
    const length = view.getInt16(at);
    at += 2;
    if (length < 0 || at + length > metadata.byteLength) return undefined;
    try {
      topics.push(utf8.decode(metadata.subarray(at, at + length)));
    } catch {
      return undefined;
    }
    at += length;
  }
  return topics;
}

/** The topics that any member subscribes to under the group's protocol; undefined when the group is not of consumers or a member's cannot be read. */
export function subscribedTopics(group: ClassicGroup): ReadonlySet<string> | undefined {
  if (group.protocolType !== CONSUMER_PROTOCOL_TYPE) return undefined;
  const topics = new Set<string>();
  if (group.members.size === 0) return topics;
  if (group.protocolName === null) return undefined;
  for (const member of group.members.values()) {
    const own = subscribedTopicsOf(memberMetadata(member, group.protocolName));
    if (own === undefined) return undefined;
    for (const topic of own) topics.add(topic);
  }
  return topics;
}

/** Whether offsets of the topic are in use. Where the subscriptions of a consumer group are unknown, any may be. */
export const isSubscribedTo = (group: ClassicGroup, topic: string): boolean =>
  group.subscribedTopics === undefined
    ? group.protocolType === CONSUMER_PROTOCOL_TYPE
    : group.subscribedTopics.has(topic);
