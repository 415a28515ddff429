// Settings of groups. What is set is taken back.
import type { Memory, Step } from '../step.ts';
import { alter, GROUP, group } from './requests.ts';

const SET = 0;
const DELETE = 1;
const APPEND = 2;

const own = (m: Memory) => ({ resourceType: GROUP, resourceName: `${group(m)}-settings` });

const change = (name: string, key: string, value: string | null, operation = SET): Step =>
  alter(`group settings, ${name}`, [{ name: key, configOperation: operation, value }], own);

const describe = (
  name: string,
  configurationKeys: string[] | null,
  resource = own,
  version?: number,
): Step => ({
  name: `configs: group settings, ${name}`,
  api: 'DescribeConfigs',
  ...(version === undefined ? {} : { version }),
  fields: (m) => ({ includeSynonyms: true, resources: [{ ...resource(m), configurationKeys }] }),
});

const NAMES = ['consumer.session.timeout.ms', 'consumer.heartbeat.interval.ms'];

export const groupSettings: Step[] = [
  describe('nothing set', NAMES),
  change('one', 'consumer.session.timeout.ms', '50000'),
  describe('one set', NAMES),
  ...[1, 2, 3].map((version) => describe(`version ${version}`, NAMES, own, version)),
  change('unknown', 'no.such', '1'),
  change('unknown removed', 'no.such', null, DELETE),
  change('no number', 'consumer.session.timeout.ms', 'x'),
  change('below the bound', 'consumer.session.timeout.ms', '1'),
  change('above the bound', 'consumer.session.timeout.ms', '99999999'),
  change('heartbeats slower than sessions', 'consumer.heartbeat.interval.ms', '14000'),
  change('append', 'consumer.session.timeout.ms', '1', APPEND),
  alter('group settings, no name', [{ name: NAMES[0], configOperation: SET, value: '50000' }], () => ({
    resourceType: GROUP,
    resourceName: '',
  })),
  describe('no name', null, () => ({ resourceType: GROUP, resourceName: '' })),
  {
    name: 'replace configs: group settings',
    api: 'AlterConfigs',
    settleMs: 300,
    fields: (m) => ({
      resources: [{ ...own(m), configs: [{ name: 'consumer.heartbeat.interval.ms', value: '6000' }] }],
    }),
  },
  describe('replaced', NAMES),
  {
    name: 'replace configs: group settings, none',
    api: 'AlterConfigs',
    settleMs: 300,
    fields: (m) => ({ resources: [{ ...own(m), configs: [] }] }),
  },
  describe('none', NAMES),
  {
    name: 'config resources: unknown kind beside a known one',
    api: 'ListConfigResources',
    fields: () => ({ resourceTypes: [GROUP, 3] }),
  },
];
