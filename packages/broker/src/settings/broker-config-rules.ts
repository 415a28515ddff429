// Which settings of brokers may be changed while they run (KIP-226), and for whom.
import type { ConfigOverrides } from '../metadata/image.ts';
import { BROKER_SETTINGS } from './all-settings.ts';
import { parseSetting } from './setting-value.ts';

const LISTENER_PREFIX = /^listener\.name\.[^.]+\.(.+)$/;

/** What is wrong with the settings that brokers would have, in Kafka's words; undefined when nothing is. */
export function brokerConfigProblem(configs: ConfigOverrides, allBrokers: boolean): string | undefined {
  const names = [...configs.keys()];
  const refused =
    listed('Cannot update these configs dynamically', names.filter(isReadOnly)) ??
    listed(
      'These security configs can be dynamically updated only per-listener using the listener prefix',
      names.filter(isSecurityConfig),
    );
  if (refused !== undefined) {
    return refused;
  }
  for (const [name, text] of configs) {
    const definition = BROKER_SETTINGS.get(LISTENER_PREFIX.exec(name)?.[1] ?? name);
    const parsed = definition === undefined ? undefined : parseSetting(definition, text);
    if (parsed !== undefined && 'problem' in parsed) {
      return parsed.problem;
    }
  }
  return allBrokers
    ? listed(
        'Cannot update these configs at default cluster level, broker id must be specified',
        names.filter(isForOneBroker),
      )
    : undefined;
}

function listed(problem: string, names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `${problem}: [${names.join(', ')}]`;
}

function isReadOnly(name: string): boolean {
  return BROKER_SETTINGS.get(name)?.dynamic === 'read-only';
}

function isSecurityConfig(name: string): boolean {
  return name.startsWith('ssl.') && BROKER_SETTINGS.get(name)?.dynamic === 'per-broker';
}

function isForOneBroker(name: string): boolean {
  return LISTENER_PREFIX.test(name) || BROKER_SETTINGS.get(name)?.dynamic === 'per-broker';
}
