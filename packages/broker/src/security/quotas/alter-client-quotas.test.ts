import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { applyChanges, emptyImage } from '../../metadata/apply-change.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import { alterClientQuotas, MAX_QUOTA_ENTITIES } from './alter-client-quotas.ts';

type Names = Readonly<Record<string, string | null>>;
type Ops = readonly (readonly [key: string, value: number | null])[];

const alteration = (entity: Names, ops: Ops) => ({
  entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
  ops: ops.map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
});

/** Why it was refused; '' when it was not. */
function problemOf(entity: Names, ops: Ops): string {
  const { answer, changes } = alterClientQuotas(emptyImage(), [alteration(entity, ops)], {
    validateOnly: false,
  });
  assert.equal(answer.length, 1);
  if (answer[0]?.errorCode === ErrorCode.NONE) return '';
  assert.equal(answer[0]?.errorCode, ErrorCode.INVALID_REQUEST);
  assert.deepEqual(changes, []);
  return answer[0].errorMessage ?? '';
}

const quotasOf = (image: MetadataImage) =>
  [...image.clientQuotas.values()].map(({ entity, values }) => [entity, Object.fromEntries(values)]);

describe('altering client quotas', () => {
  it('sets what is new or different, removes what is there, and leaves the rest', () => {
    const set = alterClientQuotas(
      emptyImage(),
      [
        alteration({ user: 'u', 'client-id': null }, [
          ['producer_byte_rate', 1000],
          ['request_percentage', 12.5],
        ]),
        alteration({ ip: '10.0.0.1' }, [['connection_creation_rate', 5]]),
      ],
      { validateOnly: false },
    );
    const image = applyChanges(emptyImage(), set.changes);
    assert.deepEqual(quotasOf(image), [
      [
        { user: 'u', 'client-id': null },
        { producer_byte_rate: 1000, request_percentage: 12.5 },
      ],
      [{ ip: '10.0.0.1' }, { connection_creation_rate: 5 }],
    ]);
    const again = alterClientQuotas(
      image,
      [
        alteration({ 'client-id': null, user: 'u' }, [
          ['producer_byte_rate', 1000],
          ['request_percentage', null],
          ['consumer_byte_rate', null],
        ]),
      ],
      { validateOnly: false },
    );
    assert.deepEqual(again.changes, [
      {
        kind: 'client-quotas-changed',
        entity: { 'client-id': null, user: 'u' },
        values: { request_percentage: null },
      },
    ]);
  });

  it('writes nothing when it only validates, or when nothing would change', () => {
    const wanted = [alteration({ user: 'u' }, [['producer_byte_rate', 1]])];
    assert.deepEqual(alterClientQuotas(emptyImage(), wanted, { validateOnly: true }).changes, []);
    const { changes } = alterClientQuotas(emptyImage(), wanted, { validateOnly: false });
    const image = applyChanges(emptyImage(), changes);
    assert.deepEqual(alterClientQuotas(image, wanted, { validateOnly: false }).changes, []);
  });

  it('refuses entities and values with the texts of Kafka', () => {
    const rate: Ops = [['producer_byte_rate', 1]];
    const cases: readonly [Names, Ops, string][] = [
      [{}, rate, 'Invalid empty client quota entity'],
      [{ group: 'g' }, rate, 'Unhandled client quota entity type: group'],
      [{ user: '' }, rate, 'Empty user not supported'],
      [{ ip: 'example.org' }, [], 'example.org is not a valid IP or resolvable host.'],
      [
        { user: 'u' },
        [['connection_creation_rate', 1]],
        'Invalid configuration key connection_creation_rate',
      ],
      [{ ip: '::1' }, rate, 'Invalid configuration key producer_byte_rate'],
      [{ user: 'u' }, [['producer_byte_rate', 0]], 'Quota producer_byte_rate must be greater than 0'],
      [{ user: 'u' }, [['producer_byte_rate', Number.NaN]], 'Quota producer_byte_rate must be a number'],
      [{ user: 'u' }, [['producer_byte_rate', 1.5]], 'producer_byte_rate cannot be a fractional value.'],
      [
        { user: 'u' },
        [['consumer_byte_rate', 1e19]],
        'Proposed value for consumer_byte_rate is too large for a LONG.',
      ],
      [
        { user: 'u' },
        [['request_percentage', Number.POSITIVE_INFINITY]],
        'Proposed value for request_percentage is too large for a DOUBLE.',
      ],
      [
        { ip: null },
        [['connection_creation_rate', 2 ** 31]],
        'Proposed value for connection_creation_rate is too large for an INT.',
      ],
      [
        { user: 'u', 'client-id': 'c' },
        [...rate, ...rate],
        'Ignoring duplicate entity ClientQuotaEntity(entries={user=u, client-id=c})',
      ],
      [{ user: 'u' }, [['controller_mutation_rate', 0.5]], ''],
      [{ user: 'u' }, [['producer_byte_rate', 2 ** 63]], ''],
      [{ user: 'u' }, [['no such key', null]], ''],
      [{ user: null, 'client-id': null }, rate, ''],
    ];
    for (const [entity, ops, problem] of cases) assert.equal(problemOf(entity, ops), problem);
    assert.match(problemOf({ ip: '::1', user: 'u' }, rate), /Invalid quota entity combination/);
  });

  it('applies the first of two alterations of an entity and tells that the second was ignored', () => {
    const { changes, answer } = alterClientQuotas(
      emptyImage(),
      [
        alteration({ user: 'u', 'client-id': 'c' }, [['producer_byte_rate', 1]]),
        alteration({ 'client-id': 'c', user: 'u' }, [['producer_byte_rate', 2]]),
        alteration({ user: 'u' }, [['producer_byte_rate', 3]]),
      ],
      { validateOnly: false },
    );
    assert.deepEqual(
      answer.map(({ errorCode }) => errorCode),
      [ErrorCode.INVALID_REQUEST, ErrorCode.NONE],
    );
    assert.deepEqual(
      changes.map((change) => change.kind === 'client-quotas-changed' && change.values['producer_byte_rate']),
      [1, 3],
    );
  });

  it('keeps a bounded number of entities', () => {
    const full = applyChanges(
      emptyImage(),
      Array.from({ length: MAX_QUOTA_ENTITIES }, (_, i) => ({
        kind: 'client-quotas-changed' as const,
        entity: { user: `u${i}` },
        values: { producer_byte_rate: 1 },
      })),
    );
    const { changes, answer } = alterClientQuotas(
      full,
      [
        alteration({ user: 'u0' }, [['producer_byte_rate', 2]]),
        alteration({ user: 'one more' }, [['producer_byte_rate', 2]]),
      ],
      { validateOnly: false },
    );
    assert.equal(changes.length, 1);
    assert.equal(answer[0]?.errorCode, ErrorCode.NONE);
    assert.match(answer[1]?.errorMessage ?? '', /quotas for 10000 entities already/);
  });
});
