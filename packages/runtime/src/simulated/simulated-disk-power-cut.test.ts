// What a power cut leaves, and what it cannot take.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { Disk, DiskFile } from '../disk.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SECTOR_BYTES } from './simulated-file-content.ts';
import { SimulatedScheduler, settle } from './simulated-scheduler.ts';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

describe('a power cut', () => {
  it('keeps, loses, tears and reorders what was written and not synced', async () => {
    const outcomes = await outcomesOf(async (disk) => {
      const file = await synced(disk, '/f', fill(1, 2 * SECTOR_BYTES));
      await file.write([fill(2, 2 * SECTOR_BYTES)], 0);
      await file.write([fill(3, SECTOR_BYTES)], SECTOR_BYTES);
    }, contentOf('/f'));
    assert.deepEqual(outcomes, [
      '1*512 1*512',
      '1*512 2*512',
      '1*512 3*512',
      '2*512 1*512',
      '2*512 2*512',
      '2*512 3*512',
    ]);
  });

  it('never shows in one sector a newer write without the older ones', async () => {
    const outcomes = await outcomesOf(async (disk) => {
      const file = await synced(disk, '/f', fill(0, 20));
      await file.write([fill(1, 10)], 0);
      await file.write([fill(2, 10)], 10);
    }, contentOf('/f'));
    assert.deepEqual(outcomes, ['0*20', '1*10 0*10', '1*10 2*10']);
  });

  it('tears a write across sectors, not within one', async () => {
    const outcomes = await outcomesOf(async (disk) => {
      const file = await synced(disk, '/f', fill(0, 1024));
      await file.write([fill(1, 300)], 400);
    }, contentOf('/f'));
    assert.deepEqual(outcomes, [
      '0*400 1*112 0*512',
      '0*400 1*112 1*188 0*324',
      '0*512 0*512',
      '0*512 1*188 0*324',
    ]);
  });

  it('may take a change of size, or leave it without the bytes', async () => {
    const appended = await outcomesOf(async (disk) => {
      const file = await synced(disk, '/f', fill(1, 512));
      await file.write([fill(2, 512)], 512);
    }, contentOf('/f'));
    assert.deepEqual(appended, ['1*512', '1*512 0*512', '1*512 2*512']);

    const truncated = await outcomesOf(async (disk) => {
      const file = await synced(disk, '/f', fill(1, 1024));
      await file.truncate(100);
      await file.truncate(600);
    }, contentOf('/f'));
    assert.deepEqual(truncated, ['1*100', '1*100 0*412 0*88', '1*512 1*512']);
  });

  it('takes nothing that a sync covered, and anything that was written while it ran', async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const scheduler = SimulatedScheduler.fromSeed(seed);
      const disk = new SimulatedDisk({ scheduler });
      await scheduler.run(
        (async () => {
          const file = await synced(disk, '/f', fill(0, 1024));
          await file.write([fill(1, 512)], 0);
          const sync = file.sync();
          await file.write([fill(2, 512)], 512);
          await sync;
        })(),
      );
      disk.powerCut();
      outcomes.add(await scheduler.run(contentOf('/f')(disk.restart())));
    }
    assert.deepEqual([...outcomes].sort(), ['1*512 0*512', '1*512 2*512']);
  });

  it('takes nothing that was written durably, but what was written without sync elsewhere', async () => {
    const outcomes = await outcomesOf(async (disk) => {
      const file = await synced(disk, '/f', fill(0, 3 * 512));
      await file.write([fill(1, 3 * 512)], 0);
      await file.writeDurably([fill(2, 100)], 512);
    }, contentOf('/f'));
    assert.deepEqual(outcomes, [
      '0*512 2*100 1*412 0*512',
      '0*512 2*100 1*412 1*512',
      '1*512 2*100 1*412 0*512',
      '1*512 2*100 1*412 1*512',
    ]);
  });

  it('leaves a durable append its size', async () => {
    const outcomes = await outcomesOf(async (disk) => {
      const file = await synced(disk, '/f', fill(1, 1024));
      await file.truncate(100);
      await file.writeDurably([fill(2, 100)], 600);
    }, contentOf('/f'));
    assert.deepEqual(outcomes, ['1*100 0*412 0*88 2*100']);
  });

  it('may take a created file, or leave it without its bytes, until both are synced', async () => {
    const create = async (disk: Disk): Promise<DiskFile> => {
      const file = await disk.open('/f', { mode: 'create' });
      await file.write([fill(1, 512)], 0);
      return file;
    };
    assert.deepEqual(await outcomesOf(create, contentOf('/f')), ['', '0*512', '1*512', 'missing']);
    assert.deepEqual(await outcomesOf(async (disk) => (await create(disk)).sync(), contentOf('/f')), [
      '1*512',
      'missing',
    ]);
    const both = async (disk: Disk): Promise<void> => {
      await (await create(disk)).sync();
      await disk.syncDirectory('/');
    };
    assert.deepEqual(await outcomesOf(both, contentOf('/f')), ['1*512']);
  });

  it('leaves a renamed file under one name, with the old or the new content', async () => {
    const outcomes = await outcomesOf(
      async (disk) => {
        await synced(disk, '/f', fill(1, 512));
        await synced(disk, '/f.new', fill(2, 512));
        await disk.rename('/f.new', '/f');
      },
      async (disk) => `${await contentOf('/f')(disk)}, ${await contentOf('/f.new')(disk)}`,
    );
    assert.deepEqual(outcomes, ['1*512, 2*512', '2*512, missing']);
  });

  it('leaves any subset of what was done in a folder, but what was done with one name in its order', async () => {
    const outcomes = await outcomesOf(
      async (disk) => {
        await disk.makeDirectory('/d');
        await disk.syncDirectory('/');
        await synced(disk, '/d/log', fill(1, 512));
        await disk.rename('/d/log', '/d/log.1');
        await (await disk.open('/d/log', { mode: 'create' })).close();
        await (await disk.open('/d/other', { mode: 'create' })).close();
      },
      async (disk) => {
        const entries = await disk.list('/d');
        const shown = entries.map(async ({ name }) => `${name}=${await contentOf(`/d/${name}`)(disk)}`);
        return (await Promise.all(shown)).sort().join(' ');
      },
    );
    const kept = ['log.1=1*512', 'log.1=1*512 log=', 'log=1*512'];
    assert.deepEqual(outcomes, [...kept, ...kept.map((names) => `${names} other=`)].sort());
  });

  it('leaves a file that moves between folders in one of them, and there once the new folder is synced', async () => {
    const move = async (disk: Disk): Promise<void> => {
      await disk.makeDirectory('/from');
      await disk.makeDirectory('/to');
      await disk.syncDirectory('/');
      await synced(disk, '/from/f', fill(1, 512));
      await disk.rename('/from/f', '/to/f');
    };
    const look = async (disk: Disk): Promise<string> =>
      `${await contentOf('/from/f')(disk)}, ${await contentOf('/to/f')(disk)}`;
    assert.deepEqual(await outcomesOf(move, look), ['1*512, missing', 'missing, 1*512']);
    const moveAndSync = async (disk: Disk): Promise<void> => {
      await move(disk);
      await disk.syncDirectory('/to');
    };
    assert.deepEqual(await outcomesOf(moveAndSync, look), ['missing, 1*512']);
  });

  it('takes a folder with all that is in it, until its parent is synced', async () => {
    const outcomes = await outcomesOf(async (disk) => {
      await disk.makeDirectory('/d');
      await synced(disk, '/d/f', fill(1, 512));
    }, contentOf('/d/f'));
    assert.deepEqual(outcomes, ['1*512', 'missing']);
  });

  it('may bring a removed file back', async () => {
    const outcomes = await outcomesOf(async (disk) => {
      await synced(disk, '/f', fill(1, 512));
      await disk.remove('/f');
    }, contentOf('/f'));
    assert.deepEqual(outcomes, ['1*512', 'missing']);
  });

  it('may leave a part, up to any byte, of a write that was on its way', async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const scheduler = SimulatedScheduler.fromSeed(seed);
      const disk = new SimulatedDisk({ scheduler });
      const file = await scheduler.run(synced(disk, '/f', fill(0, 4)));
      const lost = file.writeDurably([fill(1, 4)], 0).then(() => outcomes.add('settled'));
      disk.powerCut();
      outcomes.add(await scheduler.run(contentOf('/f')(disk.restart())));
      await scheduler.runUntilIdle();
      void lost;
    }
    assert.deepEqual([...outcomes].sort(), ['0*4', '1*1 0*3', '1*2 0*2', '1*3 0*1', '1*4']);
  });

  it('never settles what the dead process waits for, and undoes what it does later', async () => {
    const disk = new SimulatedDisk();
    const file = await synced(disk, '/f', fill(1, 4));
    const settled: string[] = [];
    void file.read(new Uint8Array(4), 0).finally(() => settled.push('read'));
    disk.powerCut();
    void file.writeDurably([fill(2, 4)], 0).finally(() => settled.push('write'));
    void disk.remove('/f').finally(() => settled.push('remove'));
    void file.close().finally(() => settled.push('close'));
    await settle();
    const again = disk.restart();
    await settle();
    assert.equal(await contentOf('/f')(again), '1*4');
    assert.deepEqual(settled, []);
  });

  it('gives the same for the same seed', async () => {
    const run = async (): Promise<string> =>
      (
        await Promise.all(
          SEEDS.slice(0, 20).map((seed) =>
            afterCut(
              seed,
              async (disk) => {
                const file = await synced(disk, '/f', fill(1, 4096));
                await file.write([fill(2, 4096)], 100);
              },
              contentOf('/f'),
            ),
          ),
        )
      ).join('\n');
    assert.equal(await run(), await run());
  });

  it('never takes back what was synced, whatever was done before and after', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(step(), { maxLength: 30 }), async (seed, steps) => {
        let disk = new SimulatedDisk({ random: new SeededRandom(seed) });
        let file = await synced(disk, '/f', new Uint8Array(0));
        // For each byte the values that it may have: one when it is durable.
        let possible: Set<number>[] = [];
        let sizes = new Set([0]);
        for (const { kind, at, length, value } of steps) {
          const size = await file.size();
          if (kind === 'cut') {
            disk.powerCut();
            disk = disk.restart();
            file = await disk.open('/f', { mode: 'write' });
            const left = await bytesOf(file);
            assert.ok(sizes.has(left.length), `size ${left.length} is none of ${[...sizes].join()}`);
            left.forEach((byte, index) => {
              assert.ok(
                possible[index]?.has(byte),
                `byte ${index} is ${byte}, not ${[...(possible[index] ?? [])].join()}`,
              );
            });
            possible = Array.from(left, (byte) => new Set([byte]));
            sizes = new Set([left.length]);
          } else if (kind === 'sync') {
            await file.sync();
            possible = Array.from(await bytesOf(file), (byte) => new Set([byte]));
            sizes = new Set([size]);
          } else if (kind === 'truncate') {
            await file.truncate(at);
            for (let index = Math.min(at, size); index < Math.max(at, size); index++) {
              (possible[index] ??= new Set()).add(0);
            }
            sizes.add(at);
          } else {
            await file[kind]([fill(value, length)], at);
            for (let index = size; index < at; index++) {
              (possible[index] ??= new Set()).add(0);
            }
            for (let index = at; index < at + length; index++) {
              possible[index] =
                kind === 'write' ? new Set([...(possible[index] ?? [0]), value, 0]) : new Set([value]);
            }
            const newSize = Math.max(size, at + length);
            if (kind === 'write') {
              sizes.add(newSize);
            } else {
              sizes = new Set([...sizes, newSize].filter((one) => one >= at + length));
            }
          }
        }
      }),
      { numRuns: 500, examples: [[0, SECTOR_BEFORE_ITS_SIZE]] },
    ));
});

/** A durable write takes the sector of an older one along, which reaches beyond the size that is durable. */
const SECTOR_BEFORE_ITS_SIZE: Step[] = [
  { kind: 'write', at: 1433, length: 1128, value: 1 },
  { kind: 'writeDurably', at: 0, length: 1, value: 1 },
  { kind: 'write', at: 1685, length: 1388, value: 1 },
  { kind: 'writeDurably', at: 1595, length: 966, value: 1 },
  { kind: 'cut', at: 0, length: 1, value: 1 },
];

interface Step {
  readonly kind: 'write' | 'writeDurably' | 'truncate' | 'sync' | 'cut';
  readonly at: number;
  readonly length: number;
  readonly value: number;
}

function step(): fc.Arbitrary<Step> {
  return fc.record({
    kind: fc.constantFrom('write', 'write', 'writeDurably', 'truncate', 'sync', 'cut'),
    at: fc.nat(2000),
    length: fc.integer({ min: 1, max: 1500 }),
    value: fc.integer({ min: 1, max: 255 }),
  });
}

/** What `look` shows after `work` and a power cut, over many seeds: each outcome once, sorted. */
async function outcomesOf(
  work: (disk: Disk) => Promise<unknown>,
  look: (disk: Disk) => Promise<string>,
): Promise<string[]> {
  const outcomes = new Set<string>();
  for (const seed of SEEDS) {
    outcomes.add(await afterCut(seed, work, look));
  }
  return [...outcomes].sort();
}

async function afterCut(
  seed: number,
  work: (disk: Disk) => Promise<unknown>,
  look: (disk: Disk) => Promise<string>,
): Promise<string> {
  const disk = new SimulatedDisk({ random: new SeededRandom(seed) });
  await work(disk);
  disk.powerCut();
  return look(disk.restart());
}

/** A file of this content, its name and bytes synced. */
async function synced(disk: Disk, path: string, bytes: Uint8Array): Promise<DiskFile> {
  const file = await disk.open(path, { mode: 'create' });
  await file.write([bytes], 0);
  await file.sync();
  await disk.syncDirectory(path.slice(0, path.lastIndexOf('/') + 1));
  return file;
}

/** The content of a file as runs `value*count`, which end at sector borders too. */
function contentOf(path: string): (disk: Disk) => Promise<string> {
  return async (disk) => {
    if (!(await disk.exists(path))) {
      return 'missing';
    }
    const file = await disk.open(path, { mode: 'read' });
    const bytes = await bytesOf(file);
    await file.close();
    const runs: { value: number; count: number }[] = [];
    bytes.forEach((value, index) => {
      const last = runs.at(-1);
      if (last === undefined || last.value !== value || index % SECTOR_BYTES === 0) {
        runs.push({ value, count: 1 });
      } else {
        last.count += 1;
      }
    });
    return runs.map(({ value, count }) => `${value}*${count}`).join(' ');
  };
}

async function bytesOf(file: DiskFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0);
  return bytes;
}

function fill(value: number, length: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
