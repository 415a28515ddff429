// The settings of a client metrics subscription (KIP-714): checked when they are set, and as a value for whoever matches clients.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { RE2JS } from 're2js';
import type { ConfigOverrides, MetadataImage } from '../metadata/image.ts';
import {
  CLIENT_SELECTORS,
  type ClientMetricsSubscription,
  type ClientSelector,
  type TextPattern,
} from '../telemetry/client-metrics/subscription.ts';
import { CLIENT_METRICS_SETTINGS } from './all-settings.ts';
import { refusal, type Outcome } from './outcome.ts';
import { parseSetting } from './setting-value.ts';
import type { SettingDefinition, SettingValue } from './setting.ts';

const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 3_600_000;

/** What is wrong with what is set, in Kafka's words and with its codes; undefined: nothing. */
export function clientMetricsProblem(configs: ConfigOverrides): Outcome | undefined {
  for (const name of configs.keys()) {
    if (!CLIENT_METRICS_SETTINGS.has(name)) {
      return refusal(ErrorCode.INVALID_REQUEST, `Unknown client metrics configuration: ${name}`);
    }
  }
  for (const definition of CLIENT_METRICS_SETTINGS.values()) {
    const text = configs.get(definition.name);
    const parsed = text === undefined ? undefined : parseSetting(definition, text);
    if (parsed !== undefined && 'problem' in parsed) {
      return refusal(ErrorCode.INVALID_CONFIG, parsed.problem);
    }
  }
  const intervalMs = valueOf(configs, 'interval.ms') as number;
  if (intervalMs < MIN_INTERVAL_MS || intervalMs > MAX_INTERVAL_MS) {
    return refusal(
      ErrorCode.INVALID_REQUEST,
      `Invalid value ${intervalMs} for interval.ms, interval must be between ${MIN_INTERVAL_MS} and ${MAX_INTERVAL_MS} (1 hour)`,
    );
  }
  const patterns = valueOf(configs, 'match') as readonly string[];
  const illegal = patterns.find((pattern) => parsePattern(pattern) === undefined);
  return illegal === undefined
    ? undefined
    : refusal(ErrorCode.INVALID_CONFIG, `Illegal client matching pattern: ${illegal}`);
}

/** A subscription as a value. What cannot be read (it was not checked by this code) asks for nothing. */
function clientMetricsSubscription(configs: ConfigOverrides): ClientMetricsSubscription {
  if (clientMetricsProblem(configs) !== undefined) {
    return { metrics: [], intervalMs: MAX_INTERVAL_MS, match: new Map() };
  }
  const patterns = valueOf(configs, 'match') as readonly string[];
  return {
    metrics: valueOf(configs, 'metrics') as readonly string[],
    intervalMs: valueOf(configs, 'interval.ms') as number,
    match: new Map(
      patterns.map((pattern) => parsePattern(pattern) as readonly [ClientSelector, TextPattern]),
    ),
  };
}

/** The default interval: of clients that no subscription matches. */
export function defaultPushIntervalMs(): number {
  return valueOf(new Map(), 'interval.ms') as number;
}

/** The subscriptions of now, as values: the same list until one changes. */
export class ClientMetricsSubscriptions {
  readonly #image: () => MetadataImage;
  #configs: ReadonlyMap<string, ConfigOverrides> | undefined;
  #current: readonly ClientMetricsSubscription[] = [];

  /** @param image the one of now */
  constructor(image: () => MetadataImage) {
    this.#image = image;
  }

  get current(): readonly ClientMetricsSubscription[] {
    const { clientMetricsConfigs } = this.#image();
    if (clientMetricsConfigs !== this.#configs) {
      this.#configs = clientMetricsConfigs;
      this.#current = [...clientMetricsConfigs.values()].map(clientMetricsSubscription);
    }
    return this.#current;
  }
}

function valueOf(configs: ConfigOverrides, name: string): SettingValue | undefined {
  const definition = CLIENT_METRICS_SETTINGS.get(name) as SettingDefinition;
  const parsed = parseSetting(definition, configs.get(name) ?? definition.default ?? '');
  return 'problem' in parsed ? undefined : parsed.value;
}

/** `selector=regular expression`; RE2's expressions take linear time whatever an administrator writes. */
function parsePattern(text: string): readonly [ClientSelector, TextPattern] | undefined {
  const [selector, expression, ...more] = text.split('=').map((part) => part.trim());
  const known = CLIENT_SELECTORS.find((name) => name === selector);
  if (known === undefined || expression === undefined || expression === '' || more.length > 0) {
    return undefined;
  }
  try {
    return [known, RE2JS.compile(expression, RE2JS.DOTALL)];
  } catch {
    return undefined;
  }
}
