// A second member joins and takes its share; then it dies by SIGKILL, without a word. The survivor is given all partitions, and
// gets everything that the dead one had read and never committed: nothing is lost.
import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { distinct, verifyRecords } from '../verify.ts';
import { newTopic } from './create-topic.ts';
import { untilMembers } from './read-all.ts';

export const suddenDeath: Scenario = {
  name: 'rebalance, sudden death',
  async run(context) {
    const { client, rows, name } = context;
    const half = rows.length / 2;
    const topic = await newTopic(context, 'rebalance');
    const group = name('rebalance-group');
    const survivor = await context.join({ topic, group, commits: true });
    await untilMembers(
      [survivor],
      'the first member to have 3 partitions',
      () => survivor.assigned.size === 3,
    );

    const doomed = await context.join({ topic, group, commits: false });
    await untilMembers([survivor, doomed], 'both members to share 3 partitions', () => {
      const [first, second] = [survivor.assigned, doomed.assigned];
      return (
        first.size > 0 && second.size > 0 && first.size + second.size === 3 && first.isDisjointFrom(second)
      );
    });
    await client.produce(topic, 'none', { from: 0, to: half });
    await untilMembers([survivor, doomed], `${half} records between both`, () => {
      return survivor.received.distinct + doomed.received.distinct >= half;
    });
    assert.ok(doomed.received.distinct > 0, 'the second member reads its share');

    await doomed.kill();
    await client.produce(topic, 'none', { from: half, to: rows.length });
    await untilMembers(
      [survivor],
      'the survivor to have all 3 partitions',
      () => survivor.assigned.size === 3,
    );
    await untilMembers([survivor], 'the survivor to have read everything', () => {
      return survivor.received.distinct === rows.length;
    });
    await survivor.leave();
    verifyRecords(client, distinct(survivor.received.records), rows);
  },
};
