import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, emptyImage } from '../metadata/apply-change.ts';
import type { MetadataChange } from '../metadata/change.ts';
import { brokerSettingsFrom } from './broker-settings.ts';
import { topicConfigOf } from './topic-config.ts';

const created: MetadataChange = {
  kind: 'topic-created',
  name: 't',
  id: 'id',
  internal: false,
  partitions: [{ leader: 0, leaderEpoch: 0, replicas: [0], isr: [0] }],
  configs: {},
};
const set = (
  resource: 'topic' | 'broker',
  name: string,
  configs: Record<string, string>,
): MetadataChange => ({ kind: 'configs-changed', resource, name, configs });

describe('the settings of a topic', () => {
  it('come from the topic, one broker, all brokers, the start, the default: in that order', () => {
    const { settings } = brokerSettingsFrom('log.retention.hours=1', []);
    const steps: readonly [MetadataChange | undefined, number][] = [
      [undefined, 3_600_000],
      [set('broker', '', { 'log.retention.ms': '4' }), 4],
      [set('broker', '0', { 'log.retention.ms': '3' }), 3],
      [set('topic', 't', { 'retention.ms': '2' }), 2],
    ];
    let image = applyChanges(emptyImage(), [created]);
    assert.equal(topicConfigOf(image, brokerSettingsFrom('', []).settings, 't').log.retentionMs, 604_800_000);
    for (const [change, expected] of steps) {
      image = applyChanges(image, change === undefined ? [] : [change]);
      assert.equal(topicConfigOf(image, settings, 't').log.retentionMs, expected);
    }
  });

  it('take the strongest of the units of time', () => {
    const of = (file: string): number =>
      topicConfigOf(emptyImage(), brokerSettingsFrom(file, []).settings, 't').log.retentionMs;
    assert.equal(of('log.retention.hours=1\nlog.retention.minutes=1\nlog.retention.ms=7'), 7);
    assert.equal(of('log.retention.hours=1\nlog.retention.minutes=1'), 60_000);
    assert.equal(of('log.retention.hours=-1'), -1);
    assert.equal(of('log.retention.ms=-5'), -1);
  });

  it('pass over a stored text that does not parse', () => {
    const image = applyChanges(emptyImage(), [
      created,
      set('topic', 't', { 'retention.ms': 'rubbish', 'segment.bytes': '2097152' }),
    ]);
    const { log } = topicConfigOf(image, brokerSettingsFrom('', []).settings, 't');
    assert.deepEqual([log.retentionMs, log.segmentBytes], [604_800_000, 2_097_152]);
  });

  it('may have smaller segments for tests', () => {
    const image = applyChanges(emptyImage(), [
      created,
      set('topic', 't', { 'internal.segment.bytes': '1000' }),
    ]);
    assert.equal(topicConfigOf(image, brokerSettingsFrom('', []).settings, 't').log.segmentBytes, 1000);
  });

  it('can compact, delete, both or neither', () => {
    const of = (policy: string): [boolean, boolean] => {
      const { log } = topicConfigOf(
        emptyImage(),
        brokerSettingsFrom(`log.cleanup.policy=${policy}`, []).settings,
        't',
      );
      return [log.compacts, log.deletes];
    };
    assert.deepEqual(
      [of('compact'), of('delete'), of('compact,delete'), of('')],
      [
        [true, false],
        [false, true],
        [true, true],
        [false, false],
      ],
    );
  });
});
