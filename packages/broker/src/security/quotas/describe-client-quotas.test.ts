import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { applyChanges, emptyImage } from '../../metadata/apply-change.ts';
import { describeClientQuotas } from './describe-client-quotas.ts';

const EXACT = 0;
const DEFAULT = 1;
const ANY = 2;

const image = applyChanges(
  emptyImage(),
  [
    { user: 'u' },
    { user: null },
    { user: 'u', 'client-id': 'c' },
    { user: 'u', 'client-id': null },
    { ip: '10.0.0.1' },
  ].map((entity) => ({
    kind: 'client-quotas-changed' as const,
    entity,
    values: entity.ip === undefined ? { producer_byte_rate: 1 } : { connection_creation_rate: 1 },
  })),
);

function found(filter: readonly (readonly [string, number, string | null])[], strict = false): unknown {
  const components = filter.map(([entityType, matchType, match]) => ({ entityType, matchType, match }));
  const answer = describeClientQuotas(image, components, strict);
  return 'errorCode' in answer ? answer : answer.map(({ entity }) => entity);
}

describe('describing client quotas', () => {
  it('finds entities that have at least the types of the filter, or exactly those when it is strict', () => {
    assert.deepEqual(found([['user', EXACT, 'u']]), [
      { user: 'u' },
      { user: 'u', 'client-id': 'c' },
      { user: 'u', 'client-id': null },
    ]);
    assert.deepEqual(found([['user', EXACT, 'u']], true), [{ user: 'u' }]);
    assert.deepEqual(found([['user', DEFAULT, null]]), [{ user: null }]);
    assert.deepEqual(found([['client-id', ANY, null]]), [
      { user: 'u', 'client-id': 'c' },
      { user: 'u', 'client-id': null },
    ]);
    assert.equal((found([]) as unknown[]).length, 5);
    assert.deepEqual(found([], true), []);
    assert.deepEqual(found([['ip', ANY, null]], true), [{ ip: '10.0.0.1' }]);
  });

  it('refuses a filter that means nothing, with the texts of Kafka', () => {
    const cases: readonly [Parameters<typeof found>[0], ErrorCode, RegExp][] = [
      [[['', EXACT, 'g']], ErrorCode.INVALID_REQUEST, /Invalid empty entity type/],
      [[['group', EXACT, 'g']], ErrorCode.UNSUPPORTED_VERSION, /Unsupported entity type group/],
      [
        [
          ['user', EXACT, 'u'],
          ['user', ANY, null],
        ],
        ErrorCode.INVALID_REQUEST,
        /cannot appear more than once/,
      ],
      [[['user', EXACT, null]], ErrorCode.INVALID_REQUEST, /MATCH_TYPE_EXACT, but set match string to null/],
      [[['user', DEFAULT, 'u']], ErrorCode.INVALID_REQUEST, /MATCH_TYPE_DEFAULT/],
      [[['user', ANY, 'u']], ErrorCode.INVALID_REQUEST, /MATCH_TYPE_SPECIFIED/],
      [[['user', 9, 'u']], ErrorCode.INVALID_REQUEST, /Unknown match type 9/],
      [
        [
          ['ip', ANY, null],
          ['user', ANY, null],
        ],
        ErrorCode.INVALID_REQUEST,
        /IP filter component/,
      ],
    ];
    for (const [filter, errorCode, errorMessage] of cases) {
      const answer = found(filter) as { errorCode: ErrorCode; errorMessage: string };
      assert.equal(answer.errorCode, errorCode);
      assert.match(answer.errorMessage, errorMessage);
    }
  });
});
