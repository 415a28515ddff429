// Two answers to the same request, field by field. What has to differ between two servers is made equal first, by the named rules.
import { CODEC_NAMES } from '@moldau/protocol/compression/codec.ts';
import { batchBaseOffset, batchCodecId, batchTimestampType } from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import { errorName } from '@moldau/protocol';

/** Text for people. */
const WORDS: readonly string[] = ['errorMessage', 'batchIndexErrorMessage', 'documentation'];

/** Rules by the name of a field. */
const RULES: Readonly<Record<string, (value: unknown) => unknown>> = {
  // Which broker of which cluster: differs between any two.
  ...all(
    [
      'topicId',
      'nodeId',
      'host',
      'port',
      'rack',
      'brokerId',
      'clusterId',
      'controllerId',
      'leaderId',
      'replicaNodes',
      'isrNodes',
      'logDir',
      'clientHost',
    ],
    () => 'place',
  ),
  ...all(['producerId', 'memberId', 'leader'], (value) => (value === '' || value === -1 ? value : 'id')),
  clientInstanceId: (value) => ((value as Uint8Array).every((byte) => byte === 0) ? 0 : 'id'),
  subscriptionId: (value) => (value === 0 ? 0 : 'id'),
  sessionId: (value) => (value === 0 ? 0 : 'id'),
  // Moments and amounts.
  ...all(['throttleTimeMs', 'totalBytes', 'usableBytes', 'partitionSize'], () => 'amount'),
  ...all(
    [
      'logAppendTimeMs',
      'lastTimestamp',
      'lastFetchTimestamp',
      'lastCaughtUpTimestamp',
      'finalizedFeaturesEpoch',
    ],
    (value) => (value === -1 ? -1 : 'moment'),
  ),
  // Words are our own, and there may be some where Kafka has none, not the other way round.
  ...all(WORDS, (value) => (value === null || value === '' ? 'none' : 'words')),
  ...all(['errorCode', 'topicConfigErrorCode'], (value) => errorName(value as number)),
  records: (value) => (value === null ? null : describeRecords(value as Uint8Array)),
};

/** Arrays that are sets: their order means nothing. By the field that tells the elements apart. */
const SORTED_BY = [
  'name',
  'topic',
  'topicName',
  'groupId',
  'resourceName',
  'apiKey',
  'partitionIndex',
  'entityType',
  'key',
];

function all(
  names: readonly string[],
  rule: (value: unknown) => unknown,
): Record<string, (value: unknown) => unknown> {
  return Object.fromEntries(names.map((name) => [name, rule]));
}

export interface Difference {
  /** The path of the field, without positions in arrays: `topics.partitions.errorCode`. */
  readonly path: string;
  readonly where: string;
  readonly kafka: string;
  readonly moldau: string;
}

export function differences(kafka: unknown, moldau: unknown): Difference[] {
  const [a, b] = [new Map(flatten(kafka, [])), new Map(flatten(moldau, []))];
  const found: Difference[] = [];
  for (const where of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(where) ?? 'missing', b.get(where) ?? 'missing'];
    const moreWords = left === '"none"' && right === '"words"';
    if (left !== right && !moreWords)
      found.push({ path: where.replace(/\[[^\]]*\]/g, ''), where, kafka: left, moldau: right });
  }
  return found;
}

function* flatten(value: unknown, path: readonly string[]): Generator<[string, string]> {
  const field = (path.at(-1) ?? '').replace(/\[.*/, '');
  const rule = RULES[field];
  if (rule !== undefined) yield [path.join('.'), JSON.stringify(rule(value))];
  else if (value instanceof Uint8Array) yield [path.join('.'), Buffer.from(value).toString('hex')];
  else if (Array.isArray(value)) {
    if (value.length === 0) yield [path.join('.'), '[]'];
    for (const [i, item] of sorted(value).entries())
      yield* flatten(item, [...path.slice(0, -1), `${path.at(-1)}[${keyOf(item) ?? i}]`]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value))
      if (name !== 'unknownTaggedFields') yield* flatten(item, [...path, name]);
  } else yield [path.join('.'), JSON.stringify(value)];
}

function keyOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  // A quota is told apart by all that it is for.
  if ('entity' in item && Array.isArray(item.entity)) return item.entity.map(entityKey).sort().join('/');
  const field = SORTED_BY.find((name) => name in item && (item as Record<string, unknown>)[name] !== '');
  return field === undefined ? undefined : String((item as Record<string, unknown>)[field]);
}

function entityKey({ entityType, entityName }: Record<string, unknown>): string {
  return `${String(entityType)}=${String(entityName)}`;
}

function sorted(items: readonly unknown[]): unknown[] {
  return items.every((item) => keyOf(item) !== undefined)
    ? items.toSorted((a, b) => (keyOf(a)! < keyOf(b)! ? -1 : 1))
    : [...items];
}

/** Batches with their offsets, codecs and records; those that cannot be read as far as they can. */
function describeRecords(bytes: Uint8Array): string {
  return [...batchPositions(bytes)]
    .map((at) => {
      const cursor = openBatch(bytes, at);
      const records: string[] = [];
      try {
        while (cursor.next())
          records.push(
            `${cursor.offset}=${Buffer.from(cursor.value ?? [])
              .toString()
              .slice(0, 20)}`,
          );
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        records.push('unreadable');
      }
      const codec = CODEC_NAMES[batchCodecId(bytes, at)];
      return `${batchBaseOffset(bytes, at)} ${codec} ${batchTimestampType(bytes, at)}:${records.join(',')}`;
    })
    .join(' ');
}
