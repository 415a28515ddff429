// Fetch, ListOffsets and what else reads.
import type { Step } from '../step.ts';
import { FETCH_BY_NAME, NOBODY, topic, compacted, NOW, fetch, listOffsets } from './requests.ts';

export const reading: Step[] = [
  fetch('from the start', { fetchOffset: 0 }),
  fetch('middle of a batch', { fetchOffset: 1 }),
  fetch('one byte', { fetchOffset: 0, partitionMaxBytes: 1 }),
  fetch('no byte', { fetchOffset: 0, partitionMaxBytes: 0 }, { maxBytes: 0 }),
  fetch('at the end', { fetchOffset: 7 }),
  fetch('beyond the end', { fetchOffset: 99 }),
  fetch('below the start', { fetchOffset: -1 }),
  fetch('read committed', { fetchOffset: 0 }, { isolationLevel: 1 }),
  fetch('unknown topic', { fetchOffset: 0 }, {}, () => 'no-such'),
  fetch('unknown partition', { fetchOffset: 0, partition: 44 }),
  fetch('later leader epoch', { fetchOffset: 0, currentLeaderEpoch: 9 }),
  fetch('last epoch that never was', { fetchOffset: 0, lastFetchedEpoch: 9 }),
  fetch('session that never was', { fetchOffset: 0 }, { sessionId: 12_345, sessionEpoch: 5 }),
  {
    ...fetch('new session', { fetchOffset: 7 }, { sessionEpoch: 0 }),
    keep: (answer, m) => (m.sessionId = answer['sessionId'] as number),
  },
  {
    name: 'fetch: session, nothing new',
    api: 'Fetch',
    version: FETCH_BY_NAME,
    fields: (m) => ({ maxWaitMs: 50, minBytes: 1, maxBytes: 1000, sessionId: m.sessionId, sessionEpoch: 1 }),
  },
  {
    name: 'fetch: session, wrong epoch',
    api: 'Fetch',
    version: FETCH_BY_NAME,
    fields: (m) => ({ maxWaitMs: 50, minBytes: 1, maxBytes: 1000, sessionId: m.sessionId, sessionEpoch: 7 }),
  },
  {
    name: 'fetch: unknown id',
    api: 'Fetch',
    fields: () => ({
      maxWaitMs: 50,
      minBytes: 1,
      maxBytes: 1000,
      sessionEpoch: -1,
      topics: [{ topicId: NOBODY, partitions: [{ partition: 0, partitionMaxBytes: 100 }] }],
    }),
  },
  {
    name: 'fetch: by id',
    api: 'Fetch',
    fields: (m) => ({
      maxWaitMs: 50,
      minBytes: 1,
      maxBytes: 10_000,
      sessionEpoch: -1,
      topics: [{ topicId: m.topicId, partitions: [{ partition: 0, partitionMaxBytes: 10_000 }] }],
    }),
  },
  ...(
    [
      ['latest', -1],
      ['earliest', -2],
      ['max timestamp', -3],
      ['earliest local', -4],
      ['latest tiered', -5],
      ['earliest pending upload', -6],
      ['undefined value', -9],
      ['zero', 0],
      ['now', NOW],
      ['within a batch', NOW + 1],
      ['future', NOW + 1e9],
    ] as const
  ).map(([name, time]) => listOffsets(name, time)),
  listOffsets('max timestamp, too old a version', -3, {}, 6),
  listOffsets('unknown topic', -1, {}, undefined, () => 'no-such'),
  listOffsets('unknown partition', -1, { partitionIndex: 44 }),
  listOffsets('later leader epoch', -1, { currentLeaderEpoch: 9 }),
  listOffsets('empty partition, latest', -1, { partitionIndex: 3 }),
  listOffsets('empty partition, max timestamp', -3, { partitionIndex: 3 }),
  ...(
    [
      ['current', 0, -1],
      ['later', 9, -1],
      ['undefined', -1, -1],
      ['fenced', 0, 9],
    ] as const
  ).map(([name, leaderEpoch, currentLeaderEpoch]): Step => ({
    name: `leader epoch: ${name}`,
    api: 'OffsetForLeaderEpoch',
    fields: (m) => ({
      replicaId: -1,
      topics: [{ topic: topic(m), partitions: [{ partition: 0, leaderEpoch, currentLeaderEpoch }] }],
    }),
  })),
  ...(
    [
      ['to 2', 2],
      ['back to 1', 1],
      ['beyond', 999],
      ['negative', -5],
    ] as const
  ).map(([name, offset]): Step => ({
    name: `delete records: ${name}`,
    api: 'DeleteRecords',
    fields: (m) => ({
      timeoutMs: 5000,
      topics: [{ name: topic(m), partitions: [{ partitionIndex: 0, offset }] }],
    }),
  })),
  {
    name: 'delete records: compacted',
    api: 'DeleteRecords',
    fields: (m) => ({
      timeoutMs: 5000,
      topics: [{ name: compacted(m), partitions: [{ partitionIndex: 0, offset: 0 }] }],
    }),
  },
  fetch('below the new start', { fetchOffset: 1 }),
  fetch('at the new start, within a batch', { fetchOffset: 2 }),
  listOffsets('earliest, after deletion', -2),
];
