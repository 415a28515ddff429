// Subscriptions to the metrics of clients (KIP-714), and a client that is subscribed to.
import type { Memory, Step } from '../step.ts';
import { alter, list } from './requests.ts';

const CLIENT_METRICS = 16;
const SET = 0;
const DELETE = 1;
const APPEND = 2;

const subscription = (m: Memory): string => `oracle-metrics-${m.run}`;
const resource = (m: Memory) => ({ resourceType: CLIENT_METRICS, resourceName: subscription(m) });
/** Matches nobody but this client. */
const own = (m: Memory): string => `client_software_name=oracle-${m.run}`;

const change = (name: string, key: string, value: string | null, configOperation = SET): Step =>
  alter(`client metrics, ${name}`, [{ name: key, configOperation, value }], resource);

const describe = (name: string, configurationKeys: string[] | null, resourceOf = resource): Step => ({
  name: `configs: client metrics, ${name}`,
  api: 'DescribeConfigs',
  fields: (m) => ({ includeSynonyms: true, resources: [{ ...resourceOf(m), configurationKeys }] }),
});

const replace = (name: string, configs: readonly (readonly [string, string | null])[]): Step => ({
  name: `replace configs: client metrics, ${name}`,
  api: 'AlterConfigs',
  settleMs: 300,
  fields: (m) => ({
    resources: [{ ...resource(m), configs: configs.map(([key, value]) => ({ name: key, value })) }],
  }),
});

/** Those of this run: others may be there. */
const resources = (name: string, fields: Record<string, unknown>, version?: number): Step => ({
  name: `config resources: ${name}`,
  api: 'ListConfigResources',
  ...(version === undefined ? {} : { version }),
  fields: () => fields,
  compared: (answer) => ({
    ...answer,
    configResources: list(answer['configResources'] ?? []).filter(({ resourceName }) =>
      String(resourceName).startsWith('oracle-metrics-'),
    ),
  }),
});

const settings: Step[] = [
  change('interval', 'interval.ms', '200'),
  change('interval too short', 'interval.ms', '99'),
  change('interval too long', 'interval.ms', '3600001'),
  change('interval no number', 'interval.ms', 'x'),
  change('unknown setting', 'no.such', '1'),
  change('unknown setting removed', 'no.such', null, DELETE),
  change('append to metrics', 'metrics', 'org.a', APPEND),
  change('metrics with an empty one', 'metrics', 'org.a,,org.b'),
  change('metrics', 'metrics', 'org.a, org.b'),
  change('match unknown selector', 'match', 'no_such=1'),
  change('match without pattern', 'match', 'client_id'),
  change('match bad pattern', 'match', 'client_id=['),
  change('match two signs', 'match', 'client_id=a=b'),
  change('match nothing', 'match', ' '),
  describe('all', null),
  describe('one and an unknown one', ['match', 'no.such']),
  describe('unknown subscription', null, () => ({ resourceType: CLIENT_METRICS, resourceName: 'no-such' })),
  describe('no name', null, () => ({ resourceType: CLIENT_METRICS, resourceName: '' })),
  alter('client metrics, no name', [{ name: 'interval.ms', configOperation: SET, value: '100' }], () => ({
    resourceType: CLIENT_METRICS,
    resourceName: '',
  })),
  resources('client metrics', { resourceTypes: [CLIENT_METRICS] }),
  resources('first version', {}, 0),
  replace('null', [['match', null]]),
  replace('all', [['metrics', '*']]),
  describe('replaced', null),
  replace('none', []),
  describe('none', null),
];

const push = (name: string, fields: (m: Memory) => Record<string, unknown>): Step => ({
  name: `telemetry: push ${name}`,
  api: 'PushTelemetry',
  fields: (m) => ({
    clientInstanceId: m.clientInstanceId,
    subscriptionId: m.subscriptionId,
    terminating: false,
    compressionType: 0,
    metrics: new Uint8Array(0),
    ...fields(m),
  }),
});

const ask = (name: string, settleMs = 0): Step => ({
  name: `telemetry: ask ${name}`,
  api: 'GetTelemetrySubscriptions',
  settleMs,
  fields: (m) => ({ clientInstanceId: m.clientInstanceId }),
  keep: (answer, m) => {
    if (answer['errorCode'] !== 0) return;
    m.clientInstanceId = answer['clientInstanceId'] as Uint8Array;
    m.subscriptionId = answer['subscriptionId'] as number;
  },
});

const INTERVAL_MS = 500;
/** Behind a step: the next one comes an interval later. */
const later = (step: Step): Step => ({ ...step, settleMs: INTERVAL_MS + 100 });

const client: Step[] = [
  {
    name: 'versions: with a name for telemetry',
    api: 'ApiVersions',
    version: 4,
    fields: (m) => ({ clientSoftwareName: `oracle-${m.run}`, clientSoftwareVersion: '1' }),
    compared: ({ errorCode }) => errorCode,
  },
  {
    name: 'replace configs: client metrics, for this client',
    api: 'AlterConfigs',
    settleMs: 500,
    fields: (m) => ({
      resources: [
        {
          ...resource(m),
          configs: [
            { name: 'metrics', value: 'org.a.,org.b.' },
            { name: 'interval.ms', value: String(INTERVAL_MS) },
            { name: 'match', value: own(m) },
          ],
        },
      ],
    }),
  },
  ask('for the first time'),
  ask('again at once'),
  push('at once', () => ({})),
  push('too early', () => ({})),
  push('without an id', () => ({ clientInstanceId: new Uint8Array(16) })),
  later(push('too early, again', () => ({}))),
  later(push('under another id', (m) => ({ subscriptionId: m.subscriptionId ^ 1 }))),
  ask('after an unknown id'),
  later(push('in an unknown compression', () => ({ compressionType: 9 }))),
  ask('after an unknown compression'),
  later(push('too much', () => ({ metrics: new Uint8Array(1_048_577) }))),
  later(push('in time', () => ({}))),
  push('the last, early', () => ({ terminating: true })),
  later(push('after the last', () => ({ terminating: true }))),
  replace('for nobody', []),
];

export const clientMetrics: Step[] = [...settings, ...client];
