import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChange, applyChanges, emptyImage } from './apply-change.ts';
import type { MetadataChange } from './change.ts';
import type { PartitionImage } from './image.ts';

const ledBy = (leader: number, leaderEpoch = 0): PartitionImage => ({
  leader,
  leaderEpoch,
  replicas: [leader],
  isr: [leader],
});

const topic = (name: string, partitions = 2, configs: Record<string, string> = {}): MetadataChange => ({
  kind: 'topic-created',
  name,
  id: `id-of-${name}`,
  internal: false,
  partitions: Array.from({ length: partitions }, () => ledBy(0)),
  configs,
});

describe('a change of the metadata', () => {
  it('makes the next image and leaves the one before as it was', () => {
    const before = applyChange(emptyImage(), topic('a', 2, { 'retention.ms': '1' }));
    const after = applyChanges(before, [
      topic('b'),
      { kind: 'partitions-added', topic: 'a', partitions: [ledBy(1)] },
      { kind: 'partition-changed', topic: 'a', partition: 0, state: ledBy(1, 1) },
      {
        kind: 'configs-changed',
        resource: 'topic',
        name: 'a',
        configs: { 'retention.ms': null, 'segment.ms': '2' },
      },
    ]);
    assert.equal(before.version, 1);
    assert.equal(before.topics.size, 1);
    assert.deepEqual(before.topics.get('a')?.partitions, [ledBy(0), ledBy(0)]);
    assert.deepEqual(before.topicConfigs.get('a'), new Map([['retention.ms', '1']]));
    assert.equal(after.version, 5);
    assert.deepEqual(after.topics.get('a')?.partitions, [ledBy(1, 1), ledBy(0), ledBy(1)]);
    assert.deepEqual(after.topicConfigs.get('a'), new Map([['segment.ms', '2']]));
  });

  it('sets, changes and removes quotas of an entity, whatever order its types come in', () => {
    const both = applyChanges(emptyImage(), [
      {
        kind: 'client-quotas-changed',
        entity: { user: 'u', 'client-id': null },
        values: { producer_byte_rate: 1, consumer_byte_rate: 2 },
      },
      {
        kind: 'client-quotas-changed',
        entity: { 'client-id': null, user: 'u' },
        values: { producer_byte_rate: null, request_percentage: 0.5 },
      },
      { kind: 'client-quotas-changed', entity: { user: 'u' }, values: { producer_byte_rate: 3 } },
    ]);
    const values = [...both.clientQuotas.values()].map((quotas) => Object.fromEntries(quotas.values));
    assert.deepEqual(values, [{ consumer_byte_rate: 2, request_percentage: 0.5 }, { producer_byte_rate: 3 }]);
    const one = applyChange(both, {
      kind: 'client-quotas-changed',
      entity: { user: 'u' },
      values: { producer_byte_rate: null, consumer_byte_rate: null },
    });
    assert.equal(one.clientQuotas.size, 1);
    assert.equal(both.clientQuotas.size, 2);
  });

  it('shares what it does not touch', () => {
    const before = applyChanges(emptyImage(), [topic('a'), topic('b', 2, { x: '1' })]);
    const after = applyChange(before, {
      kind: 'partition-changed',
      topic: 'a',
      partition: 0,
      state: ledBy(1, 1),
    });
    assert.equal(after.topics.get('b'), before.topics.get('b'));
    assert.equal(after.topicNamesById, before.topicNamesById);
    assert.equal(after.topicConfigs, before.topicConfigs);
    assert.equal(after.brokers, before.brokers);
  });

  it('deletes a topic with its settings and its id', () => {
    const before = applyChange(emptyImage(), topic('a', 1, { x: '1' }));
    const after = applyChange(before, { kind: 'topic-deleted', name: 'a', id: 'id-of-a' });
    assert.deepEqual([after.topics.size, after.topicNamesById.size, after.topicConfigs.size], [0, 0, 0]);
  });

  it('keeps nothing of a topic that is deleted and created again in one run', () => {
    const image = applyChanges(applyChange(emptyImage(), topic('a', 3)), [
      { kind: 'partition-changed', topic: 'a', partition: 2, state: ledBy(1, 1) },
      { kind: 'topic-deleted', name: 'a', id: 'id-of-a' },
      topic('a', 1),
      { kind: 'partitions-added', topic: 'a', partitions: [ledBy(7)] },
    ]);
    assert.deepEqual(image.topics.get('a')?.partitions, [ledBy(0), ledBy(7)]);
  });

  it('forgets a resource whose last setting is removed', () => {
    const set = applyChange(emptyImage(), {
      kind: 'configs-changed',
      resource: 'broker',
      name: '',
      configs: { a: '1' },
    });
    const removed = applyChange(set, {
      kind: 'configs-changed',
      resource: 'broker',
      name: '',
      configs: { a: null },
    });
    assert.equal(set.brokerConfigs.size, 1);
    assert.equal(removed.brokerConfigs.size, 0);
  });

  const impossible: readonly [string, MetadataChange][] = [
    ['a topic that is there already', topic('a')],
    [
      'an id that is in use',
      { ...(topic('c') as Extract<MetadataChange, { kind: 'topic-created' }>), id: 'id-of-a' },
    ],
    ['a topic without partitions', topic('c', 0)],
    ['the deletion of an unknown topic', { kind: 'topic-deleted', name: 'c', id: 'x' }],
    ['the deletion of a namesake', { kind: 'topic-deleted', name: 'a', id: 'another' }],
    ['partitions for an unknown topic', { kind: 'partitions-added', topic: 'c', partitions: [ledBy(0)] }],
    ['an unknown partition', { kind: 'partition-changed', topic: 'a', partition: 2, state: ledBy(0) }],
    [
      'a leader epoch that goes back',
      { kind: 'partition-changed', topic: 'a', partition: 1, state: ledBy(0, 4) },
    ],
    ['settings of an unknown topic', { kind: 'configs-changed', resource: 'topic', name: 'c', configs: {} }],
    ['producer ids given out twice', { kind: 'producer-ids-allocated', next: 1000 }],
    ['a second cluster', { kind: 'cluster-created', clusterId: 'y' }],
    [
      'two brokers of one id',
      { kind: 'brokers-set', brokers: [1, 1].map((id) => ({ id, host: 'h', port: 1, rack: null })) },
    ],
    ['a kind of a later version', { kind: 'from-the-future' } as unknown as MetadataChange],
  ];
  for (const [what, change] of impossible) {
    it(`refuses ${what}`, () => {
      const image = applyChanges(emptyImage(), [
        { kind: 'cluster-created', clusterId: 'x' },
        topic('a'),
        { kind: 'partition-changed', topic: 'a', partition: 1, state: ledBy(0, 5) },
        { kind: 'producer-ids-allocated', next: 1000 },
      ]);
      assert.throws(() => applyChange(image, change), assert.AssertionError);
    });
  }
});
