// Requests about client quotas. Every entity has a name of this run, and all quotas are removed at the end: other tests use the same Kafka.
import type { StructValue } from '../../../packages/protocol/gen/interpreter.ts';
import type { Memory, Step } from '../step.ts';

const EXACT = 0;
const DEFAULT = 1;
const ANY = 2;

const user = (m: Memory): string => `oracle-user-${m.run}`;
const client = (m: Memory): string => `oracle-client-${m.run}`;
/** From the range for documentation: nobody connects from there. */
const ADDRESS = '192.0.2.77';

type Entity = readonly (readonly [type: string, name: string | null])[];
type Op = readonly [key: string, value: number | null];

interface Entry {
  readonly entity: Entity;
  readonly ops: readonly Op[];
}

function fieldsOf({ entity, ops }: Entry): StructValue {
  return {
    entity: entity.map(([entityType, entityName]) => ({ entityType, entityName })),
    ops: ops.map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
  };
}

function alter(
  name: string,
  entries: (m: Memory) => readonly Entry[],
  options: { version?: number; validateOnly?: boolean } = {},
): Step {
  return {
    name: `alter quotas: ${name}`,
    api: 'AlterClientQuotas',
    version: options.version ?? 1,
    settleMs: 200,
    fields: (m) => ({
      entries: entries(m).map(fieldsOf),
      validateOnly: options.validateOnly ?? false,
    }),
  };
}

function describe(
  name: string,
  components: (m: Memory) => readonly (readonly [type: string, match: number, name: string | null])[],
  options: { strict?: boolean; version?: number } = {},
): Step {
  return {
    name: `describe quotas: ${name}`,
    api: 'DescribeClientQuotas',
    version: options.version ?? 1,
    fields: (m) => ({
      components: components(m).map(([entityType, matchType, match]) => ({ entityType, matchType, match })),
      strict: options.strict ?? false,
    }),
  };
}

const bytes = (value: number | null): Op => ['producer_byte_rate', value];

/** Entries of one answer, one each, so that the order of a hash map does not matter. */
const wrong: readonly [name: string, entry: (m: Memory) => Entry][] = [
  ['no entity', () => ({ entity: [], ops: [bytes(1)] })],
  ['an unknown type', () => ({ entity: [['group', 'g']], ops: [bytes(1)] })],
  ['an empty name', () => ({ entity: [['user', '']], ops: [bytes(1)] })],
  ['an empty client id', () => ({ entity: [['client-id', '']], ops: [bytes(1)] })],
  [
    'an address and a user',
    (m) => ({
      entity: [
        ['ip', ADDRESS],
        ['user', user(m)],
      ],
      ops: [bytes(1)],
    }),
  ],
  ['no address', () => ({ entity: [['ip', 'no address at all']], ops: [['connection_creation_rate', 1]] })],
  [
    'a key of addresses for a user',
    (m) => ({ entity: [['user', user(m)]], ops: [['connection_creation_rate', 1]] }),
  ],
  ['a key of users for an address', () => ({ entity: [['ip', ADDRESS]], ops: [bytes(1)] })],
  ['an unknown key', (m) => ({ entity: [['user', user(m)]], ops: [['no_such_quota', 1]] })],
  ['zero', (m) => ({ entity: [['user', user(m)]], ops: [bytes(0)] })],
  ['negative', (m) => ({ entity: [['user', user(m)]], ops: [bytes(-1)] })],
  ['a fraction of a byte', (m) => ({ entity: [['user', user(m)]], ops: [bytes(1.5)] })],
  ['more than a long', (m) => ({ entity: [['user', user(m)]], ops: [bytes(1e19)] })],
  ['more than an int', () => ({ entity: [['ip', ADDRESS]], ops: [['connection_creation_rate', 3e9]] })],
  [
    'a fraction of a connection',
    () => ({ entity: [['ip', ADDRESS]], ops: [['connection_creation_rate', 0.5]] }),
  ],
  ['the same key twice', (m) => ({ entity: [['user', user(m)]], ops: [bytes(1), bytes(2)] })],
  [
    'the same key twice for two types',
    (m) => ({
      entity: [
        ['user', user(m)],
        ['client-id', client(m)],
      ],
      ops: [bytes(1), bytes(2)],
    }),
  ],
  [
    'the same type twice',
    (m) => ({
      entity: [
        ['user', user(m)],
        ['user', `${user(m)}-2`],
      ],
      ops: [bytes(7)],
    }),
  ],
  ['removing an unknown key', (m) => ({ entity: [['user', user(m)]], ops: [['no_such_quota', null]] })],
  ['removing what is not there', (m) => ({ entity: [['user', user(m)]], ops: [bytes(null)] })],
  ['no operation', (m) => ({ entity: [['user', user(m)]], ops: [] })],
  [
    'one good and one bad key',
    (m) => ({
      entity: [['user', user(m)]],
      ops: [
        ['consumer_byte_rate', 5],
        ['nope', 1],
      ],
    }),
  ],
];

const all = (m: Memory): readonly Entity[] => [
  [['user', user(m)]],
  [['user', `${user(m)}-2`]],
  [['client-id', client(m)]],
  [
    ['user', user(m)],
    ['client-id', client(m)],
  ],
  [
    ['user', user(m)],
    ['client-id', null],
  ],
  [['ip', ADDRESS]],
];

export const quotas: readonly Step[] = [
  ...wrong.map(([name, entry]) => alter(name, (m) => [entry(m)])),
  describe('nothing was set', (m) => [['user', EXACT, user(m)]]),
  alter('validate only', (m) => [{ entity: [['user', user(m)]], ops: [bytes(1000)] }], {
    validateOnly: true,
  }),
  describe('validating set nothing', (m) => [['user', EXACT, user(m)]]),
  alter('a user', (m) => [{ entity: [['user', user(m)]], ops: [bytes(1000), ['request_percentage', 12.5]] }]),
  alter(
    'a client, version 0',
    (m) => [{ entity: [['client-id', client(m)]], ops: [['consumer_byte_rate', 2000]] }],
    { version: 0 },
  ),
  alter('a user and a client', (m) => [
    {
      entity: [
        ['client-id', client(m)],
        ['user', user(m)],
      ],
      ops: [['controller_mutation_rate', 2.5]],
    },
  ]),
  alter('a user and the default client', (m) => [
    {
      entity: [
        ['user', user(m)],
        ['client-id', null],
      ],
      ops: [bytes(9_000_000_000_000)],
    },
  ]),
  alter('an address', () => [{ entity: [['ip', ADDRESS]], ops: [['connection_creation_rate', 100]] }]),
  alter('the same entity twice', (m) => [
    { entity: [['user', user(m)]], ops: [bytes(1001)] },
    { entity: [['user', user(m)]], ops: [bytes(1002)] },
  ]),
  alter('a good and a bad entity', (m) => [
    { entity: [['client-id', client(m)]], ops: [bytes(77)] },
    { entity: [['ip', 'not an address']], ops: [bytes(77)] },
  ]),
  describe('a user', (m) => [['user', EXACT, user(m)]]),
  describe('a user, strict', (m) => [['user', EXACT, user(m)]], { strict: true }),
  describe('a client, version 0', (m) => [['client-id', EXACT, client(m)]], { version: 0 }),
  describe('a client, strict', (m) => [['client-id', EXACT, client(m)]], { strict: true }),
  describe('a user and any client', (m) => [
    ['user', EXACT, user(m)],
    ['client-id', ANY, null],
  ]),
  describe('a user and the default client', (m) => [
    ['user', EXACT, user(m)],
    ['client-id', DEFAULT, null],
  ]),
  describe('an address', () => [['ip', EXACT, ADDRESS]]),
  describe('any address', () => [['ip', ANY, null]]),
  describe('an unknown type', () => [['group', EXACT, 'g']]),
  describe('an empty type', () => [['', EXACT, 'g']]),
  describe('the same type twice', (m) => [
    ['user', EXACT, user(m)],
    ['user', ANY, null],
  ]),
  describe('exact without a name', () => [['user', EXACT, null]]),
  describe('default with a name', (m) => [['user', DEFAULT, user(m)]]),
  describe('any with a name', (m) => [['user', ANY, user(m)]]),
  describe('an unknown match', (m) => [['user', 3, user(m)]]),
  describe('an address and a user', (m) => [
    ['ip', EXACT, ADDRESS],
    ['user', EXACT, user(m)],
  ]),
  alter('a user, one key changed, one removed', (m) => [
    { entity: [['user', user(m)]], ops: [bytes(5), ['request_percentage', null]] },
  ]),
  describe('a user after it', (m) => [['user', EXACT, user(m)]], { strict: true }),
  ...[0, 1, 2, 3, 4, 5].map((i) =>
    alter(`removal ${i}`, (m) => [
      {
        entity: all(m)[i] as Entity,
        ops: [
          'producer_byte_rate',
          'consumer_byte_rate',
          'request_percentage',
          'controller_mutation_rate',
          'connection_creation_rate',
        ].map((key) => [key, null]),
      },
    ]),
  ),
  describe('a user that is gone', (m) => [['user', EXACT, user(m)]]),
  describe('any address, none left', () => [['ip', ANY, null]]),
];
