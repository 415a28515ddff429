// What else goes wrong with a simulated disk: the process dies, calls fail, space ends, bits flip.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type Disk, DiskError, type DiskErrorCode, type DiskFile } from '../disk.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedScheduler } from './simulated-scheduler.ts';

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);

describe('the death of the process', () => {
  it('keeps all that was written, but as unsynced as it was', async () => {
    const afterPowerCut = new Set<string>();
    for (const seed of SEEDS) {
      const first = seeded(seed);
      const file = await create(first, '/f', 'old!');
      await file.sync();
      await first.syncDirectory('/');
      await file.write([Buffer.from('new!')], 0);
      first.processCrash();

      const second = first.restart();
      assert.equal(await textOf(second, '/f'), 'new!');
      second.powerCut();
      afterPowerCut.add(await textOf(second.restart(), '/f'));
    }
    assert.deepEqual([...afterPowerCut].sort(), ['new!', 'old!']);
  });

  it('frees the locks, which were held until then', async () => {
    const disk = new SimulatedDisk();
    await disk.lock('/lock');
    await rejects(disk.lock('/lock'), 'LOCKED');
    disk.processCrash();
    const again = disk.restart();
    assert.equal(await again.exists('/lock'), true);
    await (await again.lock('/lock')).release();
    assert.equal(await again.exists('/lock.owner'), false);
  });

  it('leaves a part of a write that was on its way', async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const scheduler = SimulatedScheduler.fromSeed(seed);
      const disk = new SimulatedDisk({ scheduler });
      const file = await scheduler.run(create(disk, '/f', 'aaa'));
      void file.write([Buffer.from('b'), Buffer.from('bb')], 0);
      disk.processCrash();
      outcomes.add(await scheduler.run(textOf(disk.restart(), '/f')));
    }
    assert.deepEqual([...outcomes].sort(), ['aaa', 'baa', 'bba', 'bbb']);
  });

  it('can be followed by a power cut before anything restarts', async () => {
    const disk = new SimulatedDisk();
    const file = await create(disk, '/f', 'synced');
    await file.sync();
    await disk.syncDirectory('/');
    disk.processCrash();
    disk.powerCut();
    assert.equal(await textOf(disk.restart(), '/f'), 'synced');
  });
});

describe('a failed sync', () => {
  it('may lose the bytes, still show them, and is not made good by the next one', async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const disk = seeded(seed);
      const file = await create(disk, '/f', 'old!');
      await file.sync();
      await disk.syncDirectory('/');
      disk.faults.fail({ operation: 'sync', path: '/f' });
      await file.write([Buffer.from('new!')], 0);
      await rejects(file.sync(), 'IO');
      const shown = await textOf(disk, '/f');
      await file.sync();
      disk.powerCut();
      outcomes.add(`shown ${shown} left ${await textOf(disk.restart(), '/f')}`);
    }
    assert.deepEqual([...outcomes].sort(), [
      'shown new! left new!',
      'shown new! left old!',
      'shown old! left old!',
    ]);
  });

  it('fails a durable write too', async () => {
    const disk = new SimulatedDisk();
    const file = await create(disk, '/f', 'old!');
    disk.faults.fail({ operation: 'sync', after: 1, times: 2 });
    await file.writeDurably([Buffer.from('good')], 0);
    await rejects(file.writeDurably([Buffer.from('bad')], 0), 'IO');
    await rejects(file.writeDurably([Buffer.from('bad')], 0), 'IO');
    await file.writeDurably([Buffer.from('good')], 0);
  });
});

describe('a failed call', () => {
  it('comes by order: on a path, after some that pass, so many times, with a code', async () => {
    const disk = new SimulatedDisk();
    const file = await create(disk, '/wal/1', 'x');
    const other = await create(disk, '/other', 'x');
    disk.faults.fail({ operation: 'read', path: '/wal', after: 1, times: 2 });
    await other.read(new Uint8Array(1), 0);
    await file.read(new Uint8Array(1), 0);
    await rejects(file.read(new Uint8Array(1), 0), 'IO');
    await rejects(file.read(new Uint8Array(1), 0), 'IO');
    await file.read(new Uint8Array(1), 0);

    disk.faults.fail({ operation: 'open', code: 'DENIED', times: Infinity });
    await rejects(disk.open('/other', { mode: 'read' }), 'DENIED');
    disk.faults.clear();
    await disk.open('/other', { mode: 'read' });
    disk.faults.fail({ operation: 'metadata' });
    await rejects(disk.list('/'), 'IO');
    disk.faults.fail({ operation: 'resize', code: 'NO_SPACE' });
    await rejects(file.allocate(10), 'NO_SPACE');
    assert.equal(await file.size(), 1);
  });

  it('comes at a rate', async () => {
    const disk = seeded(1);
    const file = await create(disk, '/f', 'x');
    disk.faults.setRates({ read: 0.25 });
    let failed = 0;
    for (let count = 0; count < 400; count++) {
      await file.read(new Uint8Array(1), 0).catch(() => (failed += 1));
    }
    assert.ok(failed > 60 && failed < 140, `${failed} of 400`);
  });

  it('of a write leaves a part of it', async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const disk = seeded(seed);
      const file = await create(disk, '/f', 'aaa');
      disk.faults.fail({ operation: 'write' });
      await rejects(file.write([Buffer.from('bbb')], 0), 'IO');
      outcomes.add(await textOf(disk, '/f'));
    }
    assert.deepEqual([...outcomes].sort(), ['aaa', 'baa', 'bba', 'bbb']);
  });
});

describe('a full disk', () => {
  it('refuses what grows a file, perhaps after a part, and takes what overwrites', async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const disk = seeded(seed);
      const file = await create(disk, '/f', 'aaaa');
      disk.setCapacity(6);
      await rejects(file.write([Buffer.from('bbbb')], 3), 'NO_SPACE');
      outcomes.add(await textOf(disk, '/f'));
      await file.write([Buffer.from('cccc')], 0);
      await rejects(file.allocate(7), 'NO_SPACE');
      assert.ok((await file.size()) <= 6);
    }
    assert.deepEqual([...outcomes].sort(), ['aaaa', 'aaab', 'aaabb', 'aaabbb']);
  });

  it('has room for what was allocated, and again when files are gone', async () => {
    const disk = new SimulatedDisk({ capacity: 10 });
    const file = await create(disk, '/f', '');
    await file.allocate(10);
    assert.deepEqual(await disk.space('/'), { free: 0, total: 10 });
    await file.writeDurably([Buffer.from('0123456789')], 0);
    const other = await create(disk, '/other', '');
    await rejects(other.write([Buffer.from('x')], 0), 'NO_SPACE');
    await disk.remove('/f');
    await rejects(other.write([Buffer.from('x')], 0), 'NO_SPACE');
    await file.close();
    await other.write([Buffer.from('x')], 0);
    assert.deepEqual(await disk.space('/'), { free: 9, total: 10 });
  });
});

describe('a flipped bit', () => {
  it('is one, somewhere in the files asked for, and stays', async () => {
    const positions = new Set<number>();
    for (const seed of SEEDS) {
      const disk = seeded(seed);
      const file = await create(disk, '/wal/1', 'abcdefgh');
      await file.sync();
      await disk.syncDirectory('/wal');
      await disk.syncDirectory('/');
      await create(disk, '/other', 'abcdefgh');
      const flipped = disk.flipBit({ path: '/wal/', from: 2, to: 5 });
      assert.ok(flipped);
      positions.add(flipped.position);
      const expected = Buffer.from('abcdefgh');
      expected[flipped.position]! ^= 1 << flipped.bit;
      assert.equal(await textOf(disk, '/wal/1'), expected.toString('latin1'));
      disk.powerCut();
      assert.equal(await textOf(disk.restart(), '/wal/1'), expected.toString('latin1'));
    }
    assert.deepEqual(positions, new Set([2, 3, 4]));
    assert.equal(new SimulatedDisk().flipBit(), undefined);
  });
});

describe('a slow disk', () => {
  it('takes its time, by operation and factor', async () => {
    const scheduler = SimulatedScheduler.fromSeed(1);
    const disk = new SimulatedDisk({ scheduler });
    const file = await scheduler.run(create(disk, '/f', 'x'));
    disk.faults.setLatencies({ sync: { minMs: 2, maxMs: 2 } });
    const before = scheduler.clock.monotonic();
    await scheduler.run(file.sync());
    assert.equal(scheduler.clock.monotonic() - before, 2);
    disk.faults.slowDown(10);
    await scheduler.run(file.sync());
    assert.equal(scheduler.clock.monotonic() - before, 22);
  });

  it('completes what is asked at once in an order of its own, the same for the same seed', async () => {
    const order = async (seed: number): Promise<string> => {
      const scheduler = SimulatedScheduler.fromSeed(seed);
      const disk = new SimulatedDisk({ scheduler });
      const file = await scheduler.run(create(disk, '/f', ''));
      const done: number[] = [];
      const writes = [0, 1, 2, 3].map((at) => file.write([Buffer.from([at])], at).then(() => done.push(at)));
      await scheduler.run(Promise.all(writes));
      return done.join('');
    };
    const orders = await Promise.all(SEEDS.slice(0, 20).map(order));
    assert.ok(new Set(orders).size > 5, orders.join());
    assert.deepEqual(await Promise.all(SEEDS.slice(0, 20).map(order)), orders);
  });
});

function seeded(seed: number): SimulatedDisk {
  return new SimulatedDisk({ random: new SeededRandom(seed) });
}

async function create(disk: Disk, path: string, text: string): Promise<DiskFile> {
  await disk.makeDirectory(path.slice(0, path.lastIndexOf('/')));
  const file = await disk.open(path, { mode: 'create' });
  await file.write([Buffer.from(text)], 0);
  return file;
}

async function textOf(disk: Disk, path: string): Promise<string> {
  const file = await disk.open(path, { mode: 'read' });
  const bytes = Buffer.alloc(await file.size());
  await file.read(bytes, 0);
  await file.close();
  return bytes.toString('latin1');
}

async function rejects(promise: Promise<unknown>, code: DiskErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof DiskError && error.code === code);
}
