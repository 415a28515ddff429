// What only the command-line tools show: each asks for more than one API and prints what an operator reads.
import assert from 'node:assert/strict';
import { parseOffsets } from './parse-offsets.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';
import { newTopic } from '../scenarios/create-topic.ts';
import { readAll } from '../scenarios/read-all.ts';
import type { JavaTools } from './tools.ts';

/** Records in these scenarios: their number is not the point. */
const COUNT = 500;

export function javaScenarios(tools: JavaTools): readonly Scenario[] {
  return [
    { name: 'kafka-configs, kafka-topics', run: (context) => configs(context, tools) },
    { name: 'kafka-consumer-groups, kafka-get-offsets', run: (context) => groups(context, tools) },
  ];
}

/** A topic's setting is changed, shown by both tools, refused when invalid, taken back; the broker shows its own; a topic goes. */
async function configs(context: ScenarioContext, tools: JavaTools): Promise<void> {
  const topic = await newTopic(context, 'configured');
  const entity = ['--entity-type', 'topics', '--entity-name', topic];
  await tools.run('configs', ['--alter', ...entity, '--add-config', 'retention.ms=86400000']);
  assert.match(await tools.run('configs', ['--describe', ...entity]), /^ {2}retention\.ms=86400000 /m);
  const described = await tools.run('topics', ['--describe', '--topic', topic]);
  assert.match(described, /Configs: .*retention\.ms=86400000/);

  await assert.rejects(
    tools.run('configs', ['--alter', ...entity, '--add-config', 'retention.ms=soon']),
    /InvalidConfigurationException|Invalid value soon/,
    'a value that is no number must be refused',
  );
  await tools.run('configs', ['--alter', ...entity, '--delete-config', 'retention.ms']);
  assert.doesNotMatch(await tools.run('configs', ['--describe', ...entity]), /retention\.ms=/);

  const leader = /Leader: (\d+)/.exec(described)?.[1] ?? '';
  const broker = await tools.run('configs', [
    '--describe',
    '--all',
    '--entity-type',
    'brokers',
    '--entity-name',
    leader,
  ]);
  assert.match(broker, /^ {2}num\.partitions=\d+ /m, "the broker's settings");

  await tools.run('topics', ['--delete', '--topic', topic]);
  const left = await tools.run('topics', ['--list', '--exclude-internal']);
  assert.ok(!left.split('\n').includes(topic), `${topic} is still listed after its deletion`);
}

/** A group is listed, described, moved, and deleted; the log's ends are shown. */
async function groups(context: ScenarioContext, tools: JavaTools): Promise<void> {
  const { client, name } = context;
  const topic = await newTopic(context, 'grouped');
  const group = name('grouped-group');
  await client.produce(topic, 'none', { from: 0, to: COUNT });
  await readAll(context, { topic, group, commits: true }, COUNT);

  const offsets = async (time: string): Promise<Map<number, number>> => {
    return parseOffsets(await tools.run('offsets', ['--topic', topic, '--time', time]));
  };
  const ends = await offsets('latest');
  assert.equal(sum(ends), COUNT, "sum of the partitions' ends");
  assert.deepEqual([...(await offsets('earliest')).values()], [0, 0, 0], 'earliest offsets');
  for (const [partition, offset] of await offsets('max-timestamp')) {
    assert.ok(offset < (ends.get(partition) ?? 0), `offset of partition ${partition}'s latest timestamp`);
  }

  assert.deepEqual(await client.committed(group, topic), ends, 'committed offsets as described');
  assert.ok((await tools.run('groups', ['--list'])).split('\n').includes(group), 'the group is listed');
  assert.match(await tools.run('groups', ['--describe', '--group', group, '--state']), /\sEmpty\s+0\s*$/m);
  await tools.run('groups', [
    '--group',
    group,
    '--topic',
    topic,
    '--reset-offsets',
    '--to-earliest',
    '--execute',
  ]);
  assert.equal(sum(await client.committed(group, topic)), 0, 'committed offsets after --to-earliest');
  await tools.run('groups', ['--group', group, '--topic', topic, '--delete-offsets']);
  assert.deepEqual(
    (await client.committed(group, topic)).size,
    0,
    'committed offsets after --delete-offsets',
  );
  await tools.run('groups', ['--group', group, '--delete']);
  assert.ok(
    !(await tools.run('groups', ['--list'])).split('\n').includes(group),
    'the group is listed after its deletion',
  );
}

function sum(offsets: ReadonlyMap<number, number>): number {
  return [...offsets.values()].reduce((total, offset) => total + offset, 0);
}
