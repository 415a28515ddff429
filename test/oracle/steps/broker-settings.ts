// Settings of brokers and of their loggers. What is set is taken back: other tests use the same Kafka.
import type { Memory, Step } from '../step.ts';
import { alter, BROKER } from './requests.ts';

const BROKER_LOGGER = 8;
const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

const broker = (m: Memory) => ({ resourceType: BROKER, resourceName: String(m.brokerId) });
const allBrokers = () => ({ resourceType: BROKER, resourceName: '' });
const logger = (m: Memory) => ({ resourceType: BROKER_LOGGER, resourceName: String(m.brokerId) });

type ResourceOf = (m: Memory) => Record<string, unknown>;

const change = (
  name: string,
  resource: ResourceOf,
  key: string,
  value: string | null,
  operation = SET,
): Step => alter(name, [{ name: key, configOperation: operation, value }], resource);

const describe = (name: string, resource: ResourceOf, configurationKeys: string[] | null): Step => ({
  name: `configs: ${name}`,
  api: 'DescribeConfigs',
  fields: (m) => ({ includeSynonyms: true, resources: [{ ...resource(m), configurationKeys }] }),
});

/** Harmless: the default, a little larger, for a moment. */
const LARGER = '1048589';
const NAMES = ['message.max.bytes', 'log.retention.ms', 'ssl.key.password', 'background.threads'];

export const brokerSettings: Step[] = [
  describe('one broker, some', broker, NAMES),
  change('one broker', broker, 'message.max.bytes', LARGER),
  change('all brokers', allBrokers, 'message.max.bytes', '1048590'),
  describe('one broker, changed twice', broker, NAMES),
  describe('all brokers', allBrokers, ['message.max.bytes', 'log.retention.ms']),
  change('one broker, back', broker, 'message.max.bytes', null, DELETE),
  describe('one broker, changed for all', broker, ['message.max.bytes']),
  change('all brokers, back', allBrokers, 'message.max.bytes', null, DELETE),
  describe('all brokers, nothing', allBrokers, ['message.max.bytes']),
  change('read-only', broker, 'log.dirs', '/elsewhere'),
  change('read-only, all brokers', allBrokers, 'node.id', '5'),
  change('of one broker only, for all', allBrokers, 'ssl.keystore.location', '/x'),
  change('bad value of a broker', broker, 'message.max.bytes', 'x'),
  change('out of range of a broker', broker, 'message.max.bytes', '-5'),
  change('append to no list of a broker', broker, 'message.max.bytes', '1', APPEND),
  change('append to an unknown setting of a broker', broker, 'no.such.setting', '1', APPEND),
  describe('another broker', () => ({ resourceType: BROKER, resourceName: '99' }), null),
  describe('broker without number', () => ({ resourceType: BROKER, resourceName: 'x' }), null),
  change('logger', logger, 'root', 'WARN'),
  describe('logger', logger, ['root', 'no.such']),
  describe('logger of another broker', () => ({ resourceType: BROKER_LOGGER, resourceName: '99' }), null),
  describe('logger of no broker', () => ({ resourceType: BROKER_LOGGER, resourceName: '' }), null),
  describe('logger without number', () => ({ resourceType: BROKER_LOGGER, resourceName: 'x' }), null),
  change('logger, unknown level', logger, 'root', 'LOUD'),
  change('logger, lower case', logger, 'root', 'warn'),
  change('logger, unknown', logger, 'no.such', 'WARN'),
  change('logger, removed', logger, 'root', null, DELETE),
  change('logger, append', logger, 'root', 'WARN', APPEND),
  change('logger, subtract', logger, 'root', 'WARN', SUBTRACT),
  change('logger, null', logger, 'root', null),
  change(
    'logger of another broker',
    () => ({ resourceType: BROKER_LOGGER, resourceName: '99' }),
    'root',
    'WARN',
  ),
  change('logger without number', () => ({ resourceType: BROKER_LOGGER, resourceName: 'x' }), 'root', 'WARN'),
  {
    name: 'replace configs: logger',
    api: 'AlterConfigs',
    fields: (m) => ({ resources: [{ ...logger(m), configs: [{ name: 'root', value: 'WARN' }] }] }),
  },
  {
    name: 'replace configs: unknown topic',
    api: 'AlterConfigs',
    fields: () => ({
      resources: [
        { resourceType: 2, resourceName: 'no-such', configs: [{ name: 'retention.ms', value: '1' }] },
      ],
    }),
  },
];
