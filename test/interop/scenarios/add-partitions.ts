// A topic grows from 3 to 6 partitions under a running consumer: new records reach the new partitions, and the consumer finds
// them by itself (or, with a client that never looks, the group's next member does).
import assert from 'node:assert/strict';
import { FEATURES } from '../client.ts';
import { askUntil } from '../deadline.ts';
import type { Scenario } from '../scenario.ts';
import { distinct, verifyRecords } from '../verify.ts';
import { newTopic } from './create-topic.ts';
import { untilMembers } from './read-all.ts';

/** How many of the records come before the new partitions. */
const BEFORE = 2000;

export const addPartitions: Scenario = {
  name: 'add partitions',
  async run(context) {
    const { client, rows, name } = context;
    const topic = await newTopic(context, 'growing');
    await client.produce(topic, 'none', { from: 0, to: BEFORE });
    const options = { topic, group: name('growing-group'), commits: false };
    let member = await context.join(options);
    await untilMembers([member], `${BEFORE} records`, () => member.received.distinct >= BEFORE);

    await client.addPartitions(topic, 6);
    await askUntil(
      `${topic} to have 6 partitions`,
      () => client.partitionCount(topic),
      (count) => count === 6,
    );
    await client.produce(topic, 'none', { from: BEFORE, to: rows.length });
    if (client.notOffered[FEATURES.findsPartitions] !== undefined) {
      await member.leave();
      member = await context.join(options);
    }
    await untilMembers([member], 'all records, those of the new partitions too', () => {
      return member.received.distinct === rows.length;
    });
    await member.leave();
    const partitions = new Set(member.received.records.map((record) => record.partition));
    assert.deepEqual(partitions, new Set([0, 1, 2, 3, 4, 5]), 'partitions with records');
    verifyRecords(client, distinct(member.received.records), rows, { keysMayMove: true });
  },
};
