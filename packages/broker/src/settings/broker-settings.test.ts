import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokerSettingsFrom, withDynamicConfigs } from './broker-settings.ts';

describe('the settings of a broker', () => {
  it('are all defaults when nothing is set', () => {
    const { settings, problems, warnings } = brokerSettingsFrom('', []);
    assert.deepEqual([problems, warnings], [[], []]);
    assert.deepEqual(
      [settings.nodeId, settings.numPartitions, settings.fetchMaxBytes, settings.offsetsRetentionMs],
      [0, 1, 57_671_680, 604_800_000],
    );
    assert.equal(settings.queuedMaxRequestBytes, 268_435_456);
    assert.equal(settings.listener, undefined);
  });

  it('come from the file, and from --set over it', () => {
    const { settings } = brokerSettingsFrom('num.partitions=3\nnode.id=5\nlog.dirs=/d', [
      'num.partitions=7',
      'broker.rack=a=b',
    ]);
    assert.deepEqual(
      [settings.numPartitions, settings.nodeId, settings.brokerRack, settings.logDir],
      [7, 5, 'a=b', '/d'],
    );
    assert.equal(settings.given.get('num.partitions'), '7');
  });

  it('list every problem at once', () => {
    const { problems } = brokerSettingsFrom(
      'num.partitions=0\nlog.segment.bytes=1\nnum.io.threads=x\nlog.retention.ms=0\nbad=\\u1\nlog.dirs=a,b',
      ['oops', 'listeners=SSL://:9092'],
    );
    assert.deepEqual(problems, [
      'The settings file, line 5: "\\u1" is not a unicode escape (a backslash, u and four hexadecimal digits).',
      '--set oops: it has the form key=value.',
      'Invalid value 0 for configuration num.partitions: Value must be at least 1',
      'Invalid value 1 for configuration log.segment.bytes: Value must be at least 1048576',
      'Invalid value x for configuration num.io.threads: Not a number of type INT',
      'log.retention.ms must be unlimited (-1) or, equal or greater than 1',
      'log.dirs names 2 folders; this broker keeps its data in one.',
      'Invalid value SSL://:9092 for configuration listeners: the protocol SSL is not supported, only PLAINTEXT is',
    ]);
  });

  it('warn once about each setting that is unknown or has no effect', () => {
    const { warnings, problems } = brokerSettingsFrom(
      'num.io.threads=8\nnum.io.threads=9\nfoo=1\nnum.partitions=2',
      [],
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(warnings, [
      'The setting num.io.threads is accepted, but this broker does not act on it.',
      'The setting foo is not known and has no effect.',
    ]);
  });

  it('take the listener for clients out of those of a combined Kafka node', () => {
    const { settings, problems } = brokerSettingsFrom(
      'listeners=CLIENT://:9092,CONTROLLER://:9093\ncontroller.listener.names=CONTROLLER\nlistener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT\nadvertised.listeners=CLIENT://[::1]:19092',
      [],
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [settings.listener, settings.advertisedListener],
      [
        { host: '', port: 9092 },
        { host: '::1', port: 19_092 },
      ],
    );
  });

  it('take broker.id for node.id, unless they differ', () => {
    assert.equal(brokerSettingsFrom('broker.id=4', []).settings.nodeId, 4);
    assert.deepEqual(brokerSettingsFrom('broker.id=4\nnode.id=5', []).problems, [
      'broker.id and node.id must be the same.',
    ]);
  });

  it('change with what clients set for all brokers and for one, but only where it may be changed', () => {
    const { settings } = brokerSettingsFrom('max.connections=10', []);
    const dynamic = withDynamicConfigs(
      settings,
      new Map([
        ['max.connections', '20'],
        ['num.partitions', '9'],
      ]),
      new Map([['max.connections', '30']]),
    );
    assert.deepEqual([dynamic.maxConnections, dynamic.numPartitions], [30, 1]);
    assert.equal(dynamic.given, settings.given);
    assert.equal(withDynamicConfigs(settings, undefined), settings);
  });
});
