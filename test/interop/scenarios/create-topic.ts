// A topic of 3 partitions is created, and its metadata shows all 3.
import { askUntil } from '../deadline.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

export const createTopic: Scenario = {
  name: 'create topic',
  async run(context) {
    await newTopic(context, 'created');
  },
};

/** Creates a topic of 3 partitions and waits until the client sees them. */
export async function newTopic({ client, name }: ScenarioContext, what: string): Promise<string> {
  const topic = name(what);
  await client.createTopic(topic, 3);
  await askUntil(
    `${topic} to have 3 partitions`,
    () => client.partitionCount(topic),
    (count) => count === 3,
  );
  return topic;
}
