// Decides changes of settings: IncrementalAlterConfigs (KIP-339) and the older AlterConfigs, which replaces all settings of a resource.
//
// Each resource by itself succeeds or fails as a whole. Error codes and messages are Kafka's, down to its differences between kinds:
// what is wrong with a broker's setting is INVALID_REQUEST, with a topic's INVALID_CONFIG.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { ConfigResource, MetadataChange } from '../metadata/change.ts';
import type { ConfigOverrides, MetadataImage } from '../metadata/image.ts';
import { topicNameProblem } from '../metadata/topic-rules.ts';
import { BROKER_SETTINGS, GROUP_SETTINGS, TOPIC_SETTINGS } from './all-settings.ts';
import {
  AlterOperation,
  malformedChange,
  OPERATION_NAMES,
  type AlteredResource,
} from './altered-resource.ts';
import { brokerConfigProblem } from './broker-config-rules.ts';
import type { BrokerSettings } from './broker-settings.ts';
import { clientMetricsProblem } from './client-metrics-config.ts';
import { configResourceOf } from './config-resource.ts';
import { groupConfigProblems } from './group-config.ts';
import { refusal, SUCCESS, type Outcome } from './outcome.ts';
import { brokerLayers } from './resolve-config.ts';
import { topicConfigProblems } from './validate-topic-configs.ts';

/** The longest value of a setting, in bytes. */
export const MAX_CONFIG_VALUE_BYTES = 32_767;
/** Settings of one resource; brokers take names that nobody knows, so there must be an end to them. */
export const MAX_CONFIGS_PER_RESOURCE = 1_000;

export interface AlterContext {
  readonly settings: BrokerSettings;
  /** The broker that was asked: it takes changes for itself and for all. */
  readonly brokerId: number;
  /** `incremental`: what is not named stays. `replace`: it is removed. */
  readonly mode: 'incremental' | 'replace';
  readonly validateOnly: boolean;
}

export interface AlteredOutcome extends Outcome {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** For `MetadataStore.propose`. The answers are in the order of the request. */
export function alterConfigs(
  image: MetadataImage,
  resources: readonly AlteredResource[],
  context: AlterContext,
): { readonly changes: readonly MetadataChange[]; readonly answer: readonly AlteredOutcome[] } {
  const changes: MetadataChange[] = [];
  const key = ({ resourceType, resourceName }: AlteredResource): string => `${resourceType}/${resourceName}`;
  const times = Map.groupBy(resources, key);
  const answer = resources.map((resource): AlteredOutcome => {
    const { resourceType, resourceName } = resource;
    const named = { resourceType, resourceName };
    if ((times.get(key(resource)) as unknown[]).length > 1) {
      return { ...named, ...refusal(ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.') };
    }
    const decided = alterResource(image, resource, context);
    if ('errorCode' in decided) {
      return { ...named, ...decided };
    }
    if (!context.validateOnly && Object.keys(decided.configs).length > 0) {
      changes.push({
        kind: 'configs-changed',
        resource: decided.resource,
        name: resourceName,
        configs: decided.configs,
      });
    }
    return { ...named, ...SUCCESS };
  });
  return { changes, answer };
}

interface Altered {
  readonly resource: ConfigResource;
  readonly configs: Readonly<Record<string, string | null>>;
}

function alterResource(
  image: MetadataImage,
  altered: AlteredResource,
  context: AlterContext,
): Altered | Outcome {
  const resource = configResourceOf(altered.resourceType);
  if (resource === undefined) {
    return refusal(ErrorCode.INVALID_REQUEST, `Unknown resource type ${altered.resourceType}`);
  }
  const malformed = requestProblem(resource, altered, context);
  if (malformed !== undefined) {
    return refusal(ErrorCode.INVALID_REQUEST, malformed);
  }
  const current: ConfigOverrides = overridesOf(image, resource).get(altered.resourceName) ?? new Map();
  const next = context.mode === 'replace' ? replaced(altered) : operated(resource, altered, current);
  if ('errorCode' in next) {
    return next;
  }
  const invalid = validate(image, resource, altered.resourceName, next, context);
  return invalid ?? { resource, configs: difference(current, next) };
}

/** What no setting has to be looked at for. */
function requestProblem(
  resource: ConfigResource,
  { resourceName, configs }: AlteredResource,
  { brokerId }: AlterContext,
): string | undefined {
  const malformed = malformedChange(configs);
  if (malformed !== undefined) {
    return malformed;
  }
  if (resource === 'broker' && resourceName !== '') {
    if (!/^[+-]?\d+$/.test(resourceName)) {
      return `Node id must be an integer, but it is: ${resourceName}`;
    }
    return Number(resourceName) === brokerId
      ? undefined
      : `Unexpected broker id, expected ${brokerId}, but received ${resourceName}`;
  }
  if (resource === 'client-metrics' && resourceName === '') {
    return "Subscription name can't be empty";
  }
  if (resource !== 'broker' && resourceName === '') {
    return `Default ${resource} resources are not allowed.`;
  }
  return undefined;
}

function replaced({ configs }: AlteredResource): Map<string, string> {
  return new Map(configs.map(({ name, value }) => [name, value as string]));
}

function operated(
  resource: ConfigResource,
  { configs }: AlteredResource,
  current: ConfigOverrides,
): Map<string, string> | Outcome {
  const next = new Map(current);
  for (const { name, value, configOperation = AlterOperation.SET } of configs) {
    if (configOperation === AlterOperation.SET) {
      next.set(name, value as string);
    } else if (configOperation === AlterOperation.DELETE) {
      next.delete(name);
    } else {
      const definition = definitionsOf(resource).get(name);
      if (definition?.type !== 'LIST') {
        return refusal(
          ErrorCode.INVALID_CONFIG,
          notAList(resource, name, definition !== undefined, configOperation),
        );
      }
      const before = (current.get(name) ?? definition.default ?? '').split(',').filter((item) => item !== '');
      const items = (value as string).split(',');
      const after =
        configOperation === AlterOperation.APPEND
          ? [...new Set([...before, ...items])]
          : before.filter((item) => !items.includes(item));
      next.set(name, after.join(','));
    }
  }
  return next;
}

function notAList(resource: ConfigResource, name: string, known: boolean, operation: number): string {
  const verb = OPERATION_NAMES[operation] as string;
  if (resource === 'broker') {
    return known
      ? `Config value ${verb.toLowerCase()} is not allowed for config key: ${name}`
      : `Unknown config name: ${name}`;
  }
  return `Can't ${verb} to key ${name} because its type is not LIST.`;
}

function validate(
  image: MetadataImage,
  resource: ConfigResource,
  name: string,
  next: ConfigOverrides,
  { settings, brokerId }: AlterContext,
): Outcome | undefined {
  if ([...next.values()].some((value) => Buffer.byteLength(value) > MAX_CONFIG_VALUE_BYTES)) {
    return refusal(
      ErrorCode.INVALID_CONFIG,
      `The configuration value cannot be added because it exceeds the maximum value size of ${MAX_CONFIG_VALUE_BYTES} bytes.`,
    );
  }
  if (next.size > MAX_CONFIGS_PER_RESOURCE) {
    return refusal(
      ErrorCode.INVALID_CONFIG,
      `A resource can have ${MAX_CONFIGS_PER_RESOURCE} settings, not ${next.size}.`,
    );
  }
  const layers = brokerLayers(image, settings, brokerId);
  if (resource === 'broker') {
    const problem = brokerConfigProblem(next, name === '');
    return problem === undefined ? undefined : refusal(ErrorCode.INVALID_REQUEST, problem);
  }
  if (resource === 'group') {
    const [problem] = groupConfigProblems(next, layers);
    return problem === undefined ? undefined : refusal(ErrorCode.INVALID_CONFIG, problem);
  }
  if (resource === 'client-metrics') {
    return clientMetricsProblem(next);
  }
  const illegal = topicNameProblem(name);
  if (illegal !== undefined) {
    return refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, illegal);
  }
  const [problem] = topicConfigProblems(next, layers);
  if (problem !== undefined) {
    return refusal(ErrorCode.INVALID_CONFIG, problem);
  }
  return image.topics.has(name)
    ? undefined
    : refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`);
}

function difference(
  current: ConfigOverrides,
  next: ConfigOverrides,
): Readonly<Record<string, string | null>> {
  const set = [...next].filter(([name, value]) => current.get(name) !== value);
  const removed = [...current.keys()]
    .filter((name) => !next.has(name))
    .map((name): [string, null] => [name, null]);
  return Object.fromEntries<string | null>([...set, ...removed]);
}

function overridesOf(image: MetadataImage, resource: ConfigResource): ReadonlyMap<string, ConfigOverrides> {
  return {
    topic: image.topicConfigs,
    broker: image.brokerConfigs,
    group: image.groupConfigs,
    'client-metrics': image.clientMetricsConfigs,
  }[resource];
}

function definitionsOf(resource: ConfigResource): typeof TOPIC_SETTINGS {
  return {
    topic: TOPIC_SETTINGS,
    broker: BROKER_SETTINGS,
    group: GROUP_SETTINGS,
    // As in Kafka, whose lists of metrics can be replaced, not added to.
    'client-metrics': new Map(),
  }[resource];
}
