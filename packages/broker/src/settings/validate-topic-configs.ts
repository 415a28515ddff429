// Whether a topic may have these settings: each by itself, and what must hold between them.
import type { ConfigOverrides } from '../metadata/image.ts';
import { TOPIC_SETTINGS } from './all-settings.ts';
import type { BrokerConfigLayer } from './config-source.ts';
import { parseSetting } from './setting-value.ts';
import { topicConfigFrom } from './topic-config.ts';

/**
 * Every problem, in Kafka's words; the first is what Kafka answers (INVALID_CONFIG).
 * @param layers what is set for brokers, as the rules between settings count those too
 */
export function topicConfigProblems(
  configs: ConfigOverrides,
  layers: readonly BrokerConfigLayer[],
): string[] {
  const problems: string[] = [];
  for (const [name, text] of configs) {
    const definition = TOPIC_SETTINGS.get(name);
    if (definition === undefined) {
      problems.push(`Unknown topic config name: ${name}`);
      continue;
    }
    const parsed = parseSetting(definition, text);
    if ('problem' in parsed) {
      problems.push(parsed.problem);
    } else if (name === 'remote.storage.enable' && parsed.value === true) {
      problems.push(
        'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
      );
    }
  }
  if (problems.length === 0) {
    const { minCompactionLagMs, maxCompactionLagMs } = topicConfigFrom(configs, layers).log;
    if (minCompactionLagMs > maxCompactionLagMs) {
      problems.push(
        `conflict topic config setting min.compaction.lag.ms (${minCompactionLagMs}) > max.compaction.lag.ms (${maxCompactionLagMs})`,
      );
    }
  }
  return problems;
}
