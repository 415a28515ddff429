// What every Disk must do, run over the real one and the simulated one alike: code that was tested on the simulated disk
// may then trust the real one.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import fc from 'fast-check';

import { type Disk, DiskError, type DiskErrorCode, type DiskFile } from './disk.ts';
import { NodeDisk } from './node/node-disk.ts';
import { SimulatedDisk } from './simulated/simulated-disk.ts';

describe('the Node disk', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moldau-disk-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  conformance(new NodeDisk(), () => folder);
});

describe('the simulated disk', () => {
  const disk = new SimulatedDisk();
  before(() => disk.makeDirectory('/data/disk'));
  conformance(disk, () => '/data/disk');
});

function conformance(disk: Disk, folder: () => string): void {
  let counter = 0;
  const fresh = (): string => `${folder()}/case-${counter++}`;

  const withFile = async (work: (file: DiskFile, path: string) => Promise<void>): Promise<void> => {
    const path = fresh();
    const file = await disk.open(path, { mode: 'create' });
    try {
      await work(file, path);
    } finally {
      await file.close();
    }
  };

  describe('a file', () => {
    it('is empty when created, and gives back what was written', () =>
      withFile(async (file) => {
        assert.equal(await file.size(), 0);
        assert.equal(await file.read(new Uint8Array(4), 0), 0);
        await file.write([bytes(1, 2), bytes(), bytes(3)], 0);
        await file.writeDurably([bytes(4), bytes(5, 6)], 3);
        assert.deepEqual(await content(file), [1, 2, 3, 4, 5, 6]);
      }));

    it('shows zeros in a hole, and what there is when a read ends behind the end', () =>
      withFile(async (file) => {
        await file.write([bytes(7)], 3);
        const target = new Uint8Array(8).fill(9);
        assert.equal(await file.read(target, 1), 3);
        assert.deepEqual([...target], [0, 0, 7, 9, 9, 9, 9, 9]);
        assert.equal(await file.read(target, 100), 0);
      }));

    it('takes more buffers in one write than one system call does', () =>
      withFile(async (file) => {
        const buffers = Array.from({ length: 2500 }, (_, at) => bytes(at & 255, at >> 8));
        await file.writeDurably(buffers, 0);
        assert.deepEqual(
          await content(file),
          buffers.flatMap((buffer) => [...buffer]),
        );
      }));

    it('writes nothing when given nothing', () =>
      withFile(async (file) => {
        await file.write([], 10);
        await file.writeDurably([bytes()], 10);
        assert.equal(await file.size(), 0);
      }));

    it('is cut off and extended by truncate, with zeros', () =>
      withFile(async (file) => {
        await file.write([bytes(1, 2, 3, 4)], 0);
        await file.truncate(2);
        await file.truncate(4);
        assert.deepEqual(await content(file), [1, 2, 0, 0]);
      }));

    it('is grown by allocate, which changes no byte that is there', () =>
      withFile(async (file) => {
        await file.write([bytes(1, 2, 3)], 0);
        await file.allocate(2);
        assert.equal(await file.size(), 3);
        await file.allocate(3_000_000);
        assert.equal(await file.size(), 3_000_000);
        assert.deepEqual((await content(file)).slice(0, 5), [1, 2, 3, 0, 0]);
        await file.sync();
      }));

    it('finishes what is on its way when closed, and refuses what comes later', () =>
      withFile(async (file, path) => {
        const writes = [0, 1, 2, 3].map((at) => file.write([bytes(at + 1)], at));
        await file.close();
        await Promise.all(writes);
        await file.close();
        await rejects(file.read(new Uint8Array(1), 0), 'OTHER', /closed/);
        const again = await disk.open(path, { mode: 'read' });
        assert.deepEqual(await content(again), [1, 2, 3, 4]);
        await again.close();
      }));

    it('opened for reading cannot be written', () =>
      withFile(async (_, path) => {
        const file = await disk.open(path, { mode: 'read' });
        await rejects(file.write([bytes(1)], 0), 'OTHER', /Cannot write/);
        await rejects(file.writeDurably([bytes(1)], 0), 'OTHER', /Cannot write/);
        await file.close();
      }));

    it('must exist unless it is to be created', async () => {
      const path = fresh();
      await rejects(disk.open(path, { mode: 'read' }), 'NOT_FOUND', /Cannot open/);
      await rejects(disk.open(path, { mode: 'write' }), 'NOT_FOUND', /Cannot open/);
      await rejects(disk.open(`${path}/within`, { mode: 'create' }), 'NOT_FOUND', /Cannot open/);
    });

    it('that was renamed or removed is still the same file to who has it open', () =>
      withFile(async (file, path) => {
        await disk.rename(path, `${path}-moved`);
        await file.writeDurably([bytes(1)], 0);
        const moved = await disk.open(`${path}-moved`, { mode: 'write' });
        assert.deepEqual(await content(moved), [1]);
        await moved.close();
        await disk.remove(`${path}-moved`);
        assert.deepEqual(await content(file), [1]);
      }));

    it('behaves like an array of bytes', () =>
      fc.assert(
        fc.asyncProperty(fc.array(change(), { maxLength: 12 }), (changes) =>
          withFile(async (file) => {
            let model: number[] = [];
            for (const { kind, at, data } of changes) {
              const target = Uint8Array.from(data);
              if (kind === 'truncate') {
                await file.truncate(at);
                model = Array.from({ length: at }, (_, index) => model[index] ?? 0);
              } else {
                await file[kind]([target.subarray(0, 3), target.subarray(3)], at);
                for (let index = model.length; data.length > 0 && index < at; index++) {
                  model[index] = 0;
                }
                data.forEach((value, index) => (model[at + index] = value));
              }
            }
            assert.deepEqual(await content(file), model);
          }),
        ),
        { numRuns: 30 },
      ));
  });

  describe('folders', () => {
    it('are made with their parents, and listed', async () => {
      const path = fresh();
      await disk.makeDirectory(`${path}/a/b`);
      await disk.makeDirectory(`${path}/a/b`);
      await (await disk.open(`${path}/file`, { mode: 'create' })).close();
      const entries = await disk.list(path);
      assert.deepEqual(
        entries.sort((one, other) => (one.name < other.name ? -1 : 1)),
        [
          { name: 'a', kind: 'directory' },
          { name: 'file', kind: 'file' },
        ],
      );
      await rejects(disk.list(`${path}/none`), 'NOT_FOUND', /Cannot list/);
    });

    it('know what exists', async () => {
      const path = fresh();
      assert.equal(await disk.exists(path), false);
      await disk.makeDirectory(path);
      assert.equal(await disk.exists(path), true);
      assert.equal(await disk.exists(`${path}/none/at/all`), false);
    });

    it('are synced, if they are there', async () => {
      const path = fresh();
      await disk.makeDirectory(path);
      await disk.syncDirectory(path);
      await rejects(disk.syncDirectory(`${path}/none`), 'NOT_FOUND', /Cannot/);
    });

    it('let a file take the place of another, and a folder move with what is in it', async () => {
      const path = fresh();
      await disk.makeDirectory(`${path}/from/deep`);
      await write(`${path}/from/deep/old`, 1);
      await write(`${path}/from/deep/new`, 2);
      await disk.rename(`${path}/from/deep/new`, `${path}/from/deep/old`);
      await disk.rename(`${path}/from`, `${path}/to`);
      assert.equal(await disk.exists(`${path}/from`), false);
      assert.deepEqual(await disk.list(`${path}/to/deep`), [{ name: 'old', kind: 'file' }]);
      const file = await disk.open(`${path}/to/deep/old`, { mode: 'read' });
      assert.deepEqual(await content(file), [2]);
      await file.close();
      await rejects(disk.rename(`${path}/none`, `${path}/other`), 'NOT_FOUND', /Cannot rename/);
      await rejects(disk.rename(`${path}/to`, `${path}/to/deep/inside`), 'OTHER', /Cannot rename/);
    });

    it('are removed with all that is in them; a file alone; and removing nothing is fine', async () => {
      const path = fresh();
      await disk.makeDirectory(`${path}/a/b`);
      await write(`${path}/a/b/file`, 1);
      await rejects(disk.remove(`${path}/a`), 'OTHER', /Cannot remove/);
      await disk.remove(`${path}/a/b/none`);
      await disk.remove(`${path}/a/b/file`);
      assert.deepEqual(await disk.list(`${path}/a/b`), []);
      await write(`${path}/a/b/file`, 1);
      await disk.removeTree(path);
      await disk.removeTree(path);
      assert.equal(await disk.exists(path), false);
    });
  });

  it('gives a file a second name: the same bytes, until both names are gone', async () => {
    const path = fresh();
    await write(`${path}-one`, 1);
    await disk.link(`${path}-one`, `${path}-two`);
    await rejects(disk.link(`${path}-one`, `${path}-two`), 'OTHER', /Cannot link/);
    await rejects(disk.link(`${path}-none`, `${path}-three`), 'NOT_FOUND', /Cannot link/);
    await write(`${path}-two`, 2);
    const file = await disk.open(`${path}-one`, { mode: 'read' });
    assert.deepEqual(await content(file), [2]);
    await file.close();
    await disk.remove(`${path}-one`);
    const other = await disk.open(`${path}-two`, { mode: 'read' });
    assert.deepEqual(await content(other), [2]);
    await other.close();
  });

  it('keeps a lock from being taken while it is shared, and shares none that is held', async () => {
    const path = fresh();
    await rejects(disk.lockShared(path), 'NOT_FOUND', /Cannot/);
    await (await disk.lock(path)).release();
    const reader = await disk.lockShared(path);
    assert.equal(await disk.exists(`${path}.owner`), false, 'nothing is written');
    await rejects(disk.lock(path), 'LOCKED', /holds it/);
    await reader.release();
    const owner = await disk.lock(path);
    await rejects(disk.lockShared(path), 'LOCKED', /holds it/);
    await owner.release();
  });

  it('tells the space', async () => {
    const { free, total } = await disk.space(folder());
    assert.ok(free > 0 && free <= total, `${free} of ${total}`);
  });

  it('gives a lock to one at a time', async () => {
    const path = fresh();
    const lock = await disk.lock(path);
    await rejects(disk.lock(path), 'LOCKED', /another process .* holds it/);
    await rejects(disk.lock(path), 'LOCKED', /another process .* holds it/);
    await lock.release();
    await lock.release();
    const again = await disk.lock(path);
    await again.release();
    await rejects(disk.lock(`${path}-none/lock`), 'NOT_FOUND', /none/);
  });

  const write = async (path: string, value: number): Promise<void> => {
    const file = await disk.open(path, { mode: 'create' });
    await file.write([bytes(value)], 0);
    await file.close();
  };
}

interface FileChange {
  readonly kind: 'write' | 'writeDurably' | 'truncate';
  readonly at: number;
  readonly data: number[];
}

function change(): fc.Arbitrary<FileChange> {
  return fc.record({
    kind: fc.constantFrom('write', 'writeDurably', 'truncate'),
    at: fc.nat(40),
    data: fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 20 }),
  });
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

async function content(file: DiskFile): Promise<number[]> {
  const target = new Uint8Array(await file.size());
  assert.equal(await file.read(target, 0), target.length);
  return [...target];
}

async function rejects(promise: Promise<unknown>, code: DiskErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof DiskError, `not a DiskError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
