import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import { applyChanges, emptyImage } from '../../metadata/apply-change.ts';
import { decodeSnapshot, encodeSnapshot } from '../../metadata/local/image-snapshot.ts';
import { ScramMechanism } from '../../metadata/scram-credential.ts';
import { alterCredentials, type CredentialUpsertion } from './alter-credentials.ts';
import { describeCredentials } from './describe-credentials.ts';

const { SCRAM_SHA_256, SCRAM_SHA_512 } = ScramMechanism;

const upsertion = (
  name: string,
  mechanism: number = SCRAM_SHA_256,
  iterations = 4096,
): CredentialUpsertion => ({
  name,
  mechanism,
  iterations,
  salt: Buffer.from('salt'),
  saltedPassword: Buffer.from('salted password'),
});

test('the keys are those of RFC 7677, whose example they come from', () => {
  // RFC 7677, section 3: user "user", password "pencil".
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  const saltedPassword = pbkdf2Sync('pencil', salt, 4096, 32, 'sha256');
  const { changes } = alterCredentials(
    emptyImage(),
    [],
    [{ name: 'user', mechanism: SCRAM_SHA_256, iterations: 4096, salt, saltedPassword }],
  );
  const [credential] = [...applyChanges(emptyImage(), changes).scramCredentials.values()];
  assert.equal(credential?.storedKey, 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=');
  assert.equal(credential?.serverKey, 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=');
});

test('credentials are set, described, replaced and taken away, and are in snapshots', () => {
  const set = alterCredentials(emptyImage(), [], [upsertion('a'), upsertion('b', SCRAM_SHA_512, 8192)]);
  let image = decodeSnapshot(encodeSnapshot(applyChanges(emptyImage(), set.changes)));
  image = applyChanges(image, alterCredentials(image, [], [upsertion('a', SCRAM_SHA_256, 5000)]).changes);
  assert.deepEqual(
    describeCredentials(image, null).map(({ user, credentials }) => [user, credentials[0]?.iterations]),
    [
      ['a', 5000],
      ['b', 8192],
    ],
  );
  const deleted = alterCredentials(image, [{ name: 'a', mechanism: SCRAM_SHA_256 }], []);
  image = applyChanges(image, deleted.changes);
  const [a] = describeCredentials(image, ['a']);
  assert.equal(errorName(a?.errorCode ?? 0), 'RESOURCE_NOT_FOUND');
});

test('what cannot be is refused user by user', () => {
  const { answer, changes } = alterCredentials(
    emptyImage(),
    [
      { name: 'gone', mechanism: SCRAM_SHA_256 },
      { name: 'twice', mechanism: SCRAM_SHA_256 },
    ],
    [
      upsertion('twice', SCRAM_SHA_512),
      upsertion(''),
      upsertion('odd', 9),
      upsertion('few', SCRAM_SHA_256, 4095),
      upsertion('many', SCRAM_SHA_256, 16_385),
    ],
  );
  assert.deepEqual(Object.fromEntries(answer.map(({ user, errorCode }) => [user, errorName(errorCode)])), {
    gone: 'RESOURCE_NOT_FOUND',
    twice: 'DUPLICATE_RESOURCE',
    '': 'UNACCEPTABLE_CREDENTIAL',
    odd: 'UNSUPPORTED_SASL_MECHANISM',
    few: 'UNACCEPTABLE_CREDENTIAL',
    many: 'UNACCEPTABLE_CREDENTIAL',
  });
  assert.deepEqual(changes, []);
  assert.equal(describeCredentials(emptyImage(), ['x', 'x'])[0]?.errorCode, ErrorCode.DUPLICATE_RESOURCE);
});
