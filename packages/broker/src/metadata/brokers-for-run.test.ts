import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { applyChanges, emptyImage } from './apply-change.ts';
import { brokersForRun } from './brokers-for-run.ts';
import type { BrokerImage, MetadataImage, PartitionImage } from './image.ts';

const brokers = (count: number): BrokerImage[] =>
  Array.from({ length: count }, (_, id) => ({ id, host: 'h', port: id, rack: null }));
const withReplicas = (...lists: number[][]): MetadataImage =>
  applyChanges(emptyImage(), [
    {
      kind: 'topic-created',
      name: 't',
      id: 'id',
      internal: false,
      partitions: lists.map((replicas): PartitionImage => ({
        leader: replicas[0] as number,
        leaderEpoch: 0,
        replicas,
        isr: replicas,
      })),
      configs: {},
    },
  ]);
const run = (image: MetadataImage, count: number): MetadataImage =>
  applyChanges(image, brokersForRun(image, brokers(count)));
const partitions = (image: MetadataImage): (readonly PartitionImage[])[0][] => [
  ...(image.topics.get('t')?.partitions ?? []),
];

describe('the brokers of a run', () => {
  it('change no partition when they are those of the run before', () => {
    const image = run(withReplicas([0, 1], [1, 0]), 2);
    assert.deepEqual(
      brokersForRun(image, brokers(2)).map(({ kind }) => kind),
      ['brokers-set'],
    );
  });

  it('lead what one of them that is gone led, in a new epoch, until it is back', () => {
    const [, lost] = partitions(run(withReplicas([0, 1], [1, 0]), 1));
    assert.deepEqual(lost, { leader: 0, leaderEpoch: 1, replicas: [1, 0], isr: [0] });
    const [, back] = partitions(run(run(withReplicas([0, 1], [1, 0]), 1), 2));
    assert.deepEqual(back, { leader: 1, leaderEpoch: 2, replicas: [1, 0], isr: [1, 0] });
  });

  it('leave the leader where it is when rebalancing is off', () => {
    const image = run(withReplicas([1, 0]), 1);
    const [back] = partitions(applyChanges(image, brokersForRun(image, brokers(2), { rebalance: false })));
    assert.deepEqual(back, { leader: 0, leaderEpoch: 1, replicas: [1, 0], isr: [1, 0] });
  });

  it('share what lived only on brokers that are gone', () => {
    const after = partitions(run(withReplicas([2], [3], [2], [3]), 2));
    assert.deepEqual(
      after.map(({ leader, leaderEpoch }) => [leader, leaderEpoch]),
      [
        [0, 1],
        [1, 1],
        [0, 1],
        [1, 1],
      ],
    );
  });

  it('always lead every partition, and never in an epoch that another led in', () => {
    const replicas = fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(replicas, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 8 }),
        (lists, runs) => {
          let image = withReplicas(...lists);
          for (const count of runs) {
            const before = partitions(image);
            image = run(image, count);
            for (const [index, after] of partitions(image).entries()) {
              assert.ok(
                image.brokers.has(after.leader) &&
                  after.isr.includes(after.leader) &&
                  after.isr.every((id) => after.replicas.includes(id)),
              );
              const was = before[index] as PartitionImage;
              assert.equal(after.leaderEpoch, was.leaderEpoch + (after.leader === was.leader ? 0 : 1));
            }
          }
        },
      ),
    );
  });
});
