// Access rules and SCRAM users. Without an authorizer both refuse to speak of rules; with one (start both with
// authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer and allow.everyone.if.no.acl.found=true) the same steps compare what
// rules do. All rules are taken away again: other steps use the same Kafka.
import type { StructValue } from '../../../packages/protocol/gen/interpreter.ts';
import type { Memory, Step } from '../step.ts';
import { list } from './requests.ts';

const TOPIC = 2;
const GROUP = 3;
const CLUSTER = 4;
const ANY = 1;
const MATCH = 2;
const LITERAL = 3;
const PREFIXED = 4;
const READ = 3;
const WRITE = 4;
const DESCRIBE = 8;
const DENY = 2;
const ALLOW = 3;

interface Rule {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly resourcePatternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

const topicOf = ({ run }: Memory): string => `access-${run}`;

const rule = (memory: Memory, init: Partial<Rule> = {}): Rule => ({
  resourceType: TOPIC,
  resourceName: topicOf(memory),
  resourcePatternType: LITERAL,
  principal: 'User:oracle',
  host: '*',
  operation: READ,
  permissionType: ALLOW,
  ...init,
});

const create = (name: string, rules: (memory: Memory) => readonly Rule[]): Step => ({
  name: `access: create ${name}`,
  api: 'CreateAcls',
  settleMs: 300,
  fields: (memory) => ({ creations: rules(memory) }),
});

const filterOf = (memory: Memory, init: Record<string, unknown> = {}) => ({
  resourceTypeFilter: TOPIC,
  resourceNameFilter: topicOf(memory),
  patternTypeFilter: ANY,
  principalFilter: null,
  hostFilter: null,
  operation: ANY,
  permissionType: ANY,
  ...init,
});

/** Neither promises an order. */
function sorted(answer: StructValue): unknown {
  const text = (value: unknown): string => JSON.stringify(value);
  const inOrder = (values: unknown): unknown[] =>
    [...list(values ?? [])].sort((a, b) => (text(a) < text(b) ? -1 : 1));
  return {
    ...answer,
    ...('resources' in answer
      ? {
          resources: inOrder(
            list(answer['resources']).map((resource) => ({ ...resource, acls: inOrder(resource['acls']) })),
          ),
        }
      : {}),
    ...('filterResults' in answer
      ? {
          filterResults: list(answer['filterResults']).map((result) => ({
            ...result,
            matchingAcls: inOrder(result['matchingAcls']),
          })),
        }
      : {}),
    ...('results' in answer ? { results: inOrder(answer['results']) } : {}),
  };
}

const describe = (name: string, init: (memory: Memory) => Record<string, unknown> = () => ({})): Step => ({
  name: `access: describe ${name}`,
  api: 'DescribeAcls',
  fields: (memory) => filterOf(memory, init(memory)),
  compared: sorted,
});

const remove = (name: string, filters: (memory: Memory) => readonly Record<string, unknown>[]): Step => ({
  name: `access: delete ${name}`,
  api: 'DeleteAcls',
  settleMs: 300,
  fields: (memory) => ({ filters: filters(memory) }),
  compared: sorted,
});

const RULES: readonly Step[] = [
  create('two', (memory) => [rule(memory), rule(memory, { operation: WRITE })]),
  create('one of them again', (memory) => [rule(memory)]),
  create('a prefix and everything', (memory) => [
    rule(memory, { resourceName: 'acc', resourcePatternType: PREFIXED, host: '192.0.2.1' }),
    rule(memory, { resourceName: '*', principal: 'User:nobody', permissionType: DENY }),
  ]),
  create('rules without a name, and of the cluster by a wrong one', (memory) => [
    rule(memory, { resourceName: '' }),
    rule(memory, { resourceType: CLUSTER }),
  ]),
  create('a rule of any resource', (memory) => [rule(memory, { resourceType: ANY })]),
  create('a rule of any pattern', (memory) => [rule(memory, { resourcePatternType: ANY })]),
  create('a rule of what matches', (memory) => [rule(memory, { resourcePatternType: MATCH })]),
  create('a rule of any operation', (memory) => [rule(memory, { operation: ANY })]),
  create('a rule of any permission', (memory) => [rule(memory, { permissionType: ANY })]),
  create('a rule of an unknown operation', (memory) => [rule(memory, { operation: 99 })]),
  create('a rule of nobody', (memory) => [rule(memory, { principal: 'nobody' })]),
  create('nothing', () => []),
  describe('by name'),
  describe('what names the topic', () => ({ patternTypeFilter: MATCH })),
  describe('by operation', () => ({ operation: WRITE })),
  describe('by principal', () => ({ principalFilter: 'User:nobody', resourceNameFilter: null })),
  describe('prefixes', () => ({ patternTypeFilter: PREFIXED, resourceNameFilter: 'acc' })),
  describe('another kind', () => ({ resourceTypeFilter: GROUP })),
  describe('by permission', () => ({ permissionType: DENY, resourceNameFilter: '*' })),
];

const CLEAN: readonly Step[] = [
  remove('by operation', (memory) => [filterOf(memory, { operation: WRITE })]),
  remove('by two filters', (memory) => [filterOf(memory), filterOf(memory, { operation: DESCRIBE })]),
  remove('the rest', () => [
    { ...filterOf({ run: '' } as Memory), resourceTypeFilter: ANY, resourceNameFilter: null },
  ]),
  remove('nothing', () => []),
];

const upsertion = (memory: Memory, name: string, init: Record<string, unknown> = {}) => ({
  name: `${name}-${memory.run}`,
  mechanism: 1,
  iterations: 4096,
  salt: new Uint8Array(16).fill(3),
  saltedPassword: new Uint8Array(32).fill(5),
  ...init,
});

const alter = (name: string, fields: (memory: Memory) => Record<string, unknown>): Step => ({
  name: `users: ${name}`,
  api: 'AlterUserScramCredentials',
  settleMs: 300,
  fields,
  compared: sorted,
});

const users = (name: string, names: (memory: Memory) => readonly string[]): Step => ({
  name: `users: describe ${name}`,
  api: 'DescribeUserScramCredentials',
  fields: (memory) => ({ users: names(memory).map((user) => ({ name: `${user}-${memory.run}` })) }),
  compared: sorted,
});

const USERS: readonly Step[] = [
  alter('set two', (memory) => ({
    upsertions: [upsertion(memory, 'a'), upsertion(memory, 'b', { mechanism: 2, iterations: 8192 })],
  })),
  alter('set what cannot be', (memory) => ({
    upsertions: [
      upsertion(memory, 'few', { iterations: 4095 }),
      upsertion(memory, 'many', { iterations: 16_385 }),
      upsertion(memory, 'odd', { mechanism: 7 }),
      { ...upsertion(memory, ''), name: '' },
    ],
  })),
  alter('set one twice', (memory) => ({
    upsertions: [upsertion(memory, 'c'), upsertion(memory, 'c', { mechanism: 2 })],
  })),
  alter('take away and set', (memory) => ({
    deletions: [{ name: `a-${memory.run}`, mechanism: 1 }],
    upsertions: [upsertion(memory, 'a', { mechanism: 2 })],
  })),
  alter('take away what is not', (memory) => ({
    deletions: [
      { name: `none-${memory.run}`, mechanism: 1 },
      { name: `a-${memory.run}`, mechanism: 2 },
      { name: `b-${memory.run}`, mechanism: 9 },
    ],
  })),
  users('two and one that is not', () => ['a', 'b', 'none']),
  users('one twice', () => ['a', 'a']),
  alter('take both away', (memory) => ({
    deletions: [
      { name: `a-${memory.run}`, mechanism: 1 },
      { name: `b-${memory.run}`, mechanism: 2 },
    ],
  })),
  users('what is gone', () => ['a', 'b']),
];

export const access: readonly Step[] = [...RULES, ...CLEAN, ...USERS];
