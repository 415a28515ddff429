import assert from 'node:assert/strict';
import { it } from 'node:test';

import { DiskError, type DiskErrorCode } from '../disk.ts';
import { diskCall } from './disk-call.ts';

const CASES: readonly [errno: string, code: DiskErrorCode][] = [
  ['ENOENT', 'NOT_FOUND'],
  ['ENOSPC', 'NO_SPACE'],
  ['EDQUOT', 'NO_SPACE'],
  ['EFBIG', 'NO_SPACE'],
  ['EIO', 'IO'],
  ['EROFS', 'IO'],
  ['EUCLEAN', 'IO'],
  ['EACCES', 'DENIED'],
  ['EPERM', 'DENIED'],
  ['EMFILE', 'OTHER'],
  ['EWHATEVER', 'OTHER'],
];

for (const [errno, code] of CASES) {
  it(`tells ${errno} as ${code}, with what was tried, where, and the cause`, async () => {
    const cause = Object.assign(new Error(errno), { code: errno });
    await assert.rejects(
      diskCall('/some/file', 'open', (done) => done(cause, undefined)),
      (error) => {
        assert.ok(error instanceof DiskError);
        assert.deepEqual([error.code, error.path, error.cause], [code, '/some/file', cause]);
        assert.match(error.message, new RegExp(`^Cannot open /some/file: .*\\(${errno}\\)$`));
        return true;
      },
    );
  });
}

it('tells what is thrown at once like what comes later', () =>
  assert.rejects(
    diskCall('a\0b', 'open', () => {
      throw new TypeError('a NUL in it');
    }),
    (error) => error instanceof DiskError && error.code === 'OTHER' && /a NUL in it/.test(error.message),
  ));
