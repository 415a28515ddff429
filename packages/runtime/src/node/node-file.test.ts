// What the conformance suite cannot see: system calls that do less than they were asked to.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { DiskError } from '../disk.ts';
import { MAX_BUFFERS_PER_WRITE, MIN_PART_BYTES, NodeFile, cutIntoParts, type Writev } from './node-file.ts';

let folder = '';
before(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'moldau-file-'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A file whose writev is `writev`, and what is in it after `work`. */
async function contentAfter(writev: Writev, work: (file: NodeFile) => Promise<void>): Promise<string> {
  const path = join(folder, 'file');
  const file = new NodeFile(path, fs.openSync(path, 'w+'), 'write', writev);
  try {
    await work(file);
  } finally {
    await file.close();
  }
  return fs.readFileSync(path, 'latin1');
}

/** Writes at most `limit` bytes a call. */
function shortWrites(limit: number): Writev {
  return (fd, buffers, position, done) => {
    const bytes = Buffer.concat(buffers).subarray(0, limit);
    fs.write(fd, bytes, 0, bytes.length, position, (error, written) => done(error, written));
  };
}

describe('a write that the system cuts short', () => {
  const buffers = ['ab', '', 'cdefg', 'h', 'ijkl'].map((text) => Buffer.from(text));

  for (const limit of [1, 2, 3, 5, 8, 11, 100]) {
    it(`is gone on with, after ${limit} bytes at a time`, async () => {
      const content = await contentAfter(shortWrites(limit), async (file) => {
        await file.write(buffers, 0);
        await file.writeDurably(buffers, 12);
      });
      assert.equal(content, 'abcdefghijklabcdefghijkl');
    });
  }

  it('by an interruption is made again', async () => {
    const errors = ['EINTR', 'EAGAIN'];
    const content = await contentAfter(
      (fd, given, position, done) => {
        const code = errors.pop();
        if (code === undefined) {
          fs.writev(fd, given, position, done);
        } else {
          done(Object.assign(new Error(code), { code }), 0);
        }
      },
      (file) => file.write([Buffer.from('abc')], 0),
    );
    assert.equal(content, 'abc');
  });

  it('at nothing fails instead of going on for ever', () =>
    assert.rejects(
      contentAfter(
        (_fd, _buffers, _position, done) => done(null, 0),
        (file) => file.write([Buffer.from('abc')], 0),
      ),
      (error) => error instanceof DiskError && error.code === 'IO',
    ));
});

it('hands a system call no more buffers than it takes', async () => {
  const counts: number[] = [];
  const content = await contentAfter(
    (fd, given, position, done) => {
      counts.push(given.length);
      fs.writev(fd, given, position, done);
    },
    (file) => file.write(new Array<Buffer>(2 * MAX_BUFFERS_PER_WRITE + 1).fill(Buffer.from('x')), 0),
  );
  assert.deepEqual(counts, [MAX_BUFFERS_PER_WRITE, MAX_BUFFERS_PER_WRITE, 1]);
  assert.equal(content.length, 2 * MAX_BUFFERS_PER_WRITE + 1);
});

it('gives a file its size back when it cannot be allocated', async () => {
  let calls = 0;
  const content = await contentAfter(
    (fd, given, position, done) => {
      calls += 1;
      if (calls === 3) {
        done(Object.assign(new Error('full'), { code: 'ENOSPC' }), 0);
      } else {
        fs.writev(fd, given, position, done);
      }
    },
    async (file) => {
      await file.write([Buffer.from('abc')], 0);
      await assert.rejects(
        file.allocate(10 << 20),
        (error) => error instanceof DiskError && error.code === 'NO_SPACE',
      );
    },
  );
  assert.equal(content, 'abc');
});

it('reserves real blocks', { skip: process.platform === 'win32' }, async () => {
  const path = join(folder, 'allocated');
  const file = new NodeFile(path, fs.openSync(path, 'w+'), 'write');
  await file.allocate(3 << 20);
  await file.close();
  assert.ok(fs.statSync(path).blocks * 512 >= 3 << 20);
});

it(
  'writes durably in one system call, of a descriptor that syncs',
  { skip: process.platform !== 'linux' },
  async () => {
    const flags: number[] = [];
    await contentAfter(
      (fd, given, position, done) => {
        const [, octal] = /flags:\s*(\d+)/.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))!;
        flags.push(Number.parseInt(octal!, 8) & fs.constants.O_DSYNC);
        fs.writev(fd, given, position, done);
      },
      async (file) => {
        await file.write([Buffer.from('a')], 0);
        await file.writeDurably([Buffer.from('b'), Buffer.from('c')], 1);
      },
    );
    assert.deepEqual(flags, [0, fs.constants.O_DSYNC]);
  },
);

it('keeps its descriptor until the last call on its way has come back', async () => {
  const content = await contentAfter(
    (fd, given, position, done) => {
      setImmediate(() => setImmediate(() => fs.writev(fd, given, position, done)));
    },
    async (file) => {
      const write = file.write([Buffer.from('late')], 0);
      await file.close();
      await write;
    },
  );
  assert.equal(content, 'late');
});

it('cuts a large durable write into consecutive parts that are all of it, and leaves a small one whole', () => {
  const MB = 1 << 20;
  for (const sizes of [
    [10],
    [MB / 2, MB / 2],
    [MB, MB, MB],
    [5 * MB, 10, 10],
    [10, 10, 5 * MB],
    Array(200).fill(40_000),
    [MB, 0, MB, 0],
  ]) {
    const buffers = sizes.map((size: number) => new Uint8Array(size));
    const parts = cutIntoParts(buffers, 100);
    let at = 100;
    for (const part of parts) {
      assert.equal(part.position, at);
      assert.ok(part.buffers.length > 0);
      for (const buffer of part.buffers) at += buffer.length;
    }
    assert.deepEqual(
      parts.flatMap((part) => part.buffers),
      buffers,
    );
    assert.ok(parts.length <= 3);
    if (at - 100 < 2 * MIN_PART_BYTES) assert.equal(parts.length, 1);
  }
  assert.equal(
    cutIntoParts(
      Array.from({ length: 8 }, () => new Uint8Array(MB)),
      0,
    ).length,
    3,
  );
});

it('a durable write in parts fails when one part fails, once all of them have ended', async () => {
  const path = join(folder, 'parts');
  let under = 0;
  const writev: Writev = (fd, given, position, done) => {
    under += 1;
    if (position === 0) {
      under -= 1;
      done(Object.assign(new Error('no'), { code: 'ENOSPC' }), 0);
      return;
    }
    fs.writev(fd, given, position, (error, written) => {
      under -= 1;
      done(error, written);
    });
  };
  const file = new NodeFile(path, fs.openSync(path, 'w+'), 'write', writev);
  const buffers = Array.from({ length: 4 }, () => new Uint8Array(MIN_PART_BYTES));
  await assert.rejects(file.writeDurably(buffers, 0), (error: DiskError) => error.code === 'NO_SPACE');
  assert.equal(under, 0);
  await file.close();
});
