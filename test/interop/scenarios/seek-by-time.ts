// ListOffsets by timestamp, and reading from there: for a moment in the middle of the records, each partition's offset is that
// of its first record at or after it, wherever in a batch (and behind whatever compression) that lies.
import assert from 'node:assert/strict';
import type { ReceivedRecord } from '../client.ts';
import type { Scenario } from '../scenario.ts';
import { newTopic } from './create-topic.ts';
import { readAll } from './read-all.ts';

export const seekByTime: Scenario = {
  name: 'seek by time',
  async run(context) {
    const { client, rows, name } = context;
    const topic = await newTopic(context, 'time');
    const codec = client.codecs.gzip === true ? 'gzip' : 'none';
    // Two producers one after the other: clients that cannot set timestamps get two different moments all the same.
    await client.produce(topic, codec, { from: 0, to: rows.length / 2 });
    await client.produce(topic, codec, { from: rows.length / 2, to: rows.length });
    const all = await readAll(context, { topic, group: name('time-all'), commits: false }, rows.length);

    const moment =
      all.map((record) => record.timestamp).sort((a, b) => a - b)[Math.floor(rows.length * 0.6)] ?? 0;
    const expected = firstSince(all, moment);
    const found = await client.offsetsForTime(topic, moment);
    assert.deepEqual(found, expected, `offsets for the time ${moment}`);

    const wanted = all.filter(({ partition, offset }) => offset >= (expected.get(partition) ?? Infinity));
    const read = await readAll(
      context,
      { topic, group: name('time-group'), commits: false, startAt: { timestamp: moment, offsets: expected } },
      wanted.length,
    );
    assert.deepEqual(positions(read), positions(wanted), 'records read from that time on');
  },
};

/** For each partition the earliest offset with that timestamp or a later one. */
function firstSince(records: readonly ReceivedRecord[], moment: number): Map<number, number> {
  const first = new Map<number, number>();
  for (const { partition, offset, timestamp } of records) {
    if (timestamp >= moment) first.set(partition, Math.min(first.get(partition) ?? Infinity, offset));
  }
  return first;
}

function positions(records: readonly ReceivedRecord[]): string[] {
  return records.map(({ partition, offset }) => `${partition}:${offset}`).sort();
}
