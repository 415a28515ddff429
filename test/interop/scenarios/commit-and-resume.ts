// A group reads everything and commits; its second consumer gets only what came later. Another group then reads all again
// from offset 0.
//
// The later records are produced before the second consumer joins: had it started too early in a partition, an old record
// would come before the new ones of that partition, and be seen.
import assert from 'node:assert/strict';
import { FEATURES, type ReceivedRecord } from '../client.ts';
import type { Scenario } from '../scenario.ts';
import { verifyDeliveryOrder, verifyRecords } from '../verify.ts';
import { newTopic } from './create-topic.ts';
import { readAll } from './read-all.ts';

/** How many of the 10,000 the group reads before it commits. */
const FIRST = 9000;

export const commitAndResume: Scenario = {
  name: 'commit and resume',
  async run(context) {
    const { client, rows, name } = context;
    const topic = await newTopic(context, 'resume');
    const group = name('resume-group');
    await client.produce(topic, 'none', { from: 0, to: FIRST });
    const first = await readAll(context, { topic, group, commits: true }, FIRST);
    verifyRecords(client, first, rows.slice(0, FIRST));
    if (client.notOffered[FEATURES.committed] === undefined) {
      assert.deepEqual(sorted(await client.committed(group, topic)), ends(first), 'committed offsets');
    }

    await client.produce(topic, 'none', { from: FIRST, to: rows.length });
    const second = await readAll(context, { topic, group, commits: true }, rows.length - FIRST);
    verifyDeliveryOrder([...first, ...second]);
    verifyRecords(client, [...first, ...second], rows);
  },
};

export const readAgain: Scenario = {
  name: 're-read from offset 0',
  async run(context) {
    const { client, rows, name } = context;
    const topic = await newTopic(context, 'again');
    await client.produce(topic, 'none', { from: 0, to: rows.length });
    const once = await readAll(context, { topic, group: name('once-group'), commits: true }, rows.length);
    const again = await readAll(context, { topic, group: name('again-group'), commits: false }, rows.length);
    verifyDeliveryOrder(again);
    for (const [partition, records] of Map.groupBy(again, (record) => record.partition)) {
      assert.equal(records[0]?.offset, 0, `first offset of partition ${partition}`);
    }
    assert.deepEqual(byPosition(again), byPosition(once), 'both groups read the same');
    verifyRecords(client, again, rows);
  },
};

function sorted(offsets: ReadonlyMap<number, number>): [number, number][] {
  return [...offsets].filter(([, offset]) => offset >= 0).sort(([a], [b]) => a - b);
}

/** For each partition the offset behind its last record. */
function ends(records: readonly ReceivedRecord[]): [number, number][] {
  const next = new Map<number, number>();
  for (const { partition, offset } of records)
    next.set(partition, Math.max(next.get(partition) ?? 0, offset + 1));
  return sorted(next);
}

function byPosition(records: readonly ReceivedRecord[]): ReceivedRecord[] {
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}
