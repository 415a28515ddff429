// Settings: set, refused, described.
import type { Step } from '../step.ts';
import { TOPIC, BROKER, GROUP, topic, group, alter } from './requests.ts';

export const configs: Step[] = [
  alter('set', [{ name: 'retention.ms', configOperation: 0, value: '86400000' }]),
  alter('set, unknown', [{ name: 'no.such', configOperation: 0, value: '1' }]),
  alter('set, bad value', [{ name: 'retention.ms', configOperation: 0, value: 'x' }]),
  alter('append to no list', [{ name: 'retention.ms', configOperation: 2, value: '1' }]),
  alter('unknown operation', [{ name: 'retention.ms', configOperation: 9, value: '1' }]),
  alter('twice the same', [
    { name: 'retention.ms', configOperation: 0, value: '1' },
    { name: 'retention.ms', configOperation: 0, value: '2' },
  ]),
  alter('set null', [{ name: 'retention.ms', configOperation: 0, value: null }]),
  alter('unknown topic', [{ name: 'retention.ms', configOperation: 0, value: '1' }], () => ({
    resourceType: TOPIC,
    resourceName: 'no-such',
  })),
  alter('unknown broker', [{ name: 'log.retention.ms', configOperation: 0, value: '1' }], () => ({
    resourceType: BROKER,
    resourceName: '99',
  })),
  alter('broker name no number', [{ name: 'log.retention.ms', configOperation: 0, value: '1' }], () => ({
    resourceType: BROKER,
    resourceName: 'x',
  })),
  alter('unknown kind', [{ name: 'retention.ms', configOperation: 0, value: '1' }], () => ({
    resourceType: 77,
    resourceName: 'x',
  })),
  alter('group', [{ name: 'consumer.session.timeout.ms', configOperation: 0, value: '50000' }], (m) => ({
    resourceType: GROUP,
    resourceName: group(m),
  })),
  alter('validate only', [{ name: 'retention.ms', configOperation: 0, value: '5' }], undefined, true),
  {
    name: 'configs: one of the topic',
    api: 'DescribeConfigs',
    fields: (m) => ({
      resources: [
        { resourceType: TOPIC, resourceName: topic(m), configurationKeys: ['retention.ms', 'no.such'] },
      ],
      includeSynonyms: true,
    }),
  },
  {
    name: 'configs: all of the topic',
    api: 'DescribeConfigs',
    fields: (m) => ({
      resources: [{ resourceType: TOPIC, resourceName: topic(m), configurationKeys: null }],
    }),
  },
  {
    name: 'configs: unknown topic',
    api: 'DescribeConfigs',
    fields: () => ({
      resources: [{ resourceType: TOPIC, resourceName: 'no-such', configurationKeys: null }],
    }),
  },
  {
    name: 'configs: unknown kind',
    api: 'DescribeConfigs',
    fields: () => ({ resources: [{ resourceType: 77, resourceName: 'x', configurationKeys: null }] }),
  },
  { name: 'config resources', api: 'ListConfigResources', fields: () => ({ resourceTypes: [99] }) },
];
