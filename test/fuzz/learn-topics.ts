// Creates the fuzzer's topics (by asking for their metadata) and learns their ids.
import { isZeroUuid, Reader, Writer } from '@moldau/protocol';
import {
  metadataRequest,
  metadataResponse,
  newMetadataRequest,
} from '@moldau/protocol/generated/metadata.ts';
import { newRequestHeader, requestHeader } from '@moldau/protocol/generated/request-header.ts';
import { responseHeader } from '@moldau/protocol/generated/response-header.ts';
import { askUntil } from '../interop/deadline.ts';
import type { KnownTopic } from './known-names.ts';
import { framed, Wire } from './wire.ts';

const METADATA_KEY = 3;
/** The first version that may ask for creation and gives topic ids. */
const VERSION = 12;

export async function learnTopics(
  host: string,
  port: number,
  names: readonly string[],
): Promise<KnownTopic[]> {
  return await askUntil(
    'the ids of the topics',
    () => ask(host, port, names),
    (topics) => topics.length === names.length,
  );
}

async function ask(host: string, port: number, names: readonly string[]): Promise<KnownTopic[]> {
  using wire = await Wire.open(host, port);
  if (wire === undefined) throw new Error('the connection was refused');
  const writer = new Writer();
  const header = newRequestHeader({
    requestApiKey: METADATA_KEY,
    requestApiVersion: VERSION,
    clientId: 'fuzz',
  });
  requestHeader.encode(writer, header, 2);
  const topics = names.map((name) => ({ name, topicId: new Uint8Array(16) }));
  metadataRequest.encode(writer, newMetadataRequest({ topics, allowAutoTopicCreation: true }), VERSION);
  await wire.send(framed(writer.toBytes()));
  const frame = await wire.frame();
  if (frame === undefined) throw new Error('no metadata');
  const reader = new Reader(frame);
  responseHeader.decode(reader, 1);
  const response = metadataResponse.decode(reader, VERSION);
  return response.topics
    .filter((topic) => topic.errorCode === 0 && topic.name !== null && !isZeroUuid(topic.topicId))
    .map((topic) => ({ name: topic.name ?? '', id: Uint8Array.from(topic.topicId) }));
}
