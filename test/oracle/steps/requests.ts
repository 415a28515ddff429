// What the requests of the comparison have in common: how they are put together from what matters in each.
import { buildBatch, type BatchOptions } from '@moldau/protocol/records/record-writer.ts';
import type { StructValue } from '../../../packages/protocol/gen/interpreter.ts';
import type { Memory, Step } from '../step.ts';

export const TOPIC = 2;
export const BROKER = 4;
export const GROUP = 32;
/** The last versions in which topics are named. */
export const PRODUCE_BY_NAME = 12;
export const FETCH_BY_NAME = 12;
export const OFFSETS_BY_NAME = 9;
/** The last that is stable (KIP-939). */
export const INIT_PRODUCER_ID = 5;
export const NOBODY = new Uint8Array(16).fill(7);

export const topic = (m: Memory): string => `oracle-${m.run}`;
export const compacted = (m: Memory): string => `oracle-compacted-${m.run}`;
export const group = (m: Memory): string => `oracle-group-${m.run}`;
export const list = (value: unknown): StructValue[] => value as StructValue[];

/** A moment that both servers accept. */
export const NOW = Date.now();

export function batch(
  values: readonly string[],
  options: BatchOptions & { time?: number; key?: string } = {},
): Uint8Array {
  const key = options.key === undefined ? null : Buffer.from(options.key);
  return buildBatch({
    ...options,
    records: values.map((value, i) => ({
      timestamp: (options.time ?? NOW) + i,
      key,
      value: Buffer.from(value),
    })),
  });
}

export function damaged(at: (bytes: Uint8Array) => number): Uint8Array {
  const bytes = batch(['damaged']);
  bytes[at(bytes)]! ^= 1;
  return bytes;
}

export function create(
  name: string,
  topicOf: (m: Memory) => Record<string, unknown>,
  validateOnly = false,
): Step {
  return {
    name: `create: ${name}`,
    api: 'CreateTopics',
    settleMs: 400,
    fields: (m) => ({
      timeoutMs: 5000,
      validateOnly,
      topics: [{ numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...topicOf(m) }],
    }),
  };
}

export function produce(
  name: string,
  records: (m: Memory) => Uint8Array | null,
  options: { index?: number; acks?: number; topic?: (m: Memory) => string; transactionalId?: string } = {},
): Step {
  return {
    name: `produce: ${name}`,
    api: 'Produce',
    version: PRODUCE_BY_NAME,
    fields: (m) => ({
      acks: options.acks ?? -1,
      timeoutMs: 5000,
      transactionalId: options.transactionalId ?? null,
      topicData: [
        {
          name: (options.topic ?? topic)(m),
          partitionData: [{ index: options.index ?? 0, records: records(m) }],
        },
      ],
    }),
  };
}

export function fetch(
  name: string,
  partition: Record<string, unknown>,
  request: Record<string, unknown> = {},
  topicOf: (m: Memory) => string = topic,
): Step {
  return {
    name: `fetch: ${name}`,
    api: 'Fetch',
    version: FETCH_BY_NAME,
    fields: (m) => ({
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 1_000_000,
      sessionEpoch: -1,
      topics: [
        {
          topic: topicOf(m),
          partitions: [{ partition: 0, partitionMaxBytes: 1_000_000, currentLeaderEpoch: -1, ...partition }],
        },
      ],
      ...request,
    }),
  };
}

export function listOffsets(
  name: string,
  timestamp: number,
  partition: Record<string, unknown> = {},
  version?: number,
  topicOf: (m: Memory) => string = topic,
): Step {
  return {
    name: `list offsets: ${name}`,
    api: 'ListOffsets',
    ...(version === undefined ? {} : { version }),
    fields: (m) => ({
      replicaId: -1,
      topics: [{ name: topicOf(m), partitions: [{ partitionIndex: 0, timestamp, ...partition }] }],
    }),
  };
}

export function alter(
  name: string,
  configs: Record<string, unknown>[],
  resource: (m: Memory) => Record<string, unknown> = (m) => ({ resourceType: TOPIC, resourceName: topic(m) }),
  validateOnly = false,
): Step {
  return {
    name: `alter configs: ${name}`,
    api: 'IncrementalAlterConfigs',
    settleMs: 300,
    fields: (m) => ({ validateOnly, resources: [{ ...resource(m), configs }] }),
  };
}

export function join(
  name: string,
  fields: Record<string, unknown>,
  memberId: (m: Memory) => string = (m) => m.memberId,
  keep = false,
): Step {
  return {
    name: `join: ${name}`,
    api: 'JoinGroup',
    fields: (m) => ({
      groupId: group(m),
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId: memberId(m),
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]) }],
      ...fields,
    }),
    keep: (answer, m) => {
      if (!keep) return;
      m.memberId = answer['memberId'] as string;
      m.generationId = answer['generationId'] as number;
    },
  };
}

export function member(
  name: string,
  api: string,
  fields: (m: Memory) => Record<string, unknown>,
  version?: number,
): Step {
  return {
    name,
    api,
    ...(version === undefined ? {} : { version }),
    fields: (m) => ({ groupId: group(m), ...fields(m) }),
  };
}

export function commit(
  name: string,
  fields: (m: Memory) => Record<string, unknown>,
  partition: Record<string, unknown> = {},
  topicOf: (m: Memory) => string = topic,
): Step {
  return member(
    `commit: ${name}`,
    'OffsetCommit',
    (m) => ({
      generationIdOrMemberEpoch: m.generationId,
      memberId: m.memberId,
      topics: [
        {
          name: topicOf(m),
          partitions: [{ partitionIndex: 0, committedOffset: 2, committedMetadata: 'note', ...partition }],
        },
      ],
      ...fields(m),
    }),
    OFFSETS_BY_NAME,
  );
}
