import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import type { MetadataChange } from '../change.ts';
import type { MetadataImage } from '../image.ts';
import { MetadataError, type MetadataStore } from '../metadata-store.ts';
import { openLocalMetadataStore, type LocalMetadataStoreOptions } from './local-metadata-store.ts';

const FOLDER = '/data/metadata';

async function newDisk(seed = 0): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ random: new SeededRandom(seed) });
  await disk.makeDirectory('/data');
  await disk.syncDirectory('/');
  return disk;
}

const open = (
  disk: SimulatedDisk,
  options: Partial<LocalMetadataStoreOptions> = {},
): Promise<MetadataStore> => openLocalMetadataStore({ disk, folder: FOLDER, ...options });

const topic = (name: string, partitions = 1): MetadataChange => ({
  kind: 'topic-created',
  name,
  id: `id-of-${name}`,
  internal: false,
  partitions: Array.from({ length: partitions }, () => ({
    leader: 0,
    leaderEpoch: 0,
    replicas: [0],
    isr: [0],
  })),
  configs: { 'retention.ms': '1' },
});

const create = (store: MetadataStore, name: string, partitions?: number): Promise<string> =>
  store.propose(() => ({ changes: [topic(name, partitions)], answer: name }));

/** Creates the topic unless it is there, as CreateTopics does. */
const createOnce = (store: MetadataStore, name: string): Promise<string> =>
  store.propose((image) =>
    image.topics.has(name)
      ? { changes: [], answer: 'exists' }
      : { changes: [topic(name)], answer: 'created' },
  );

const names = (store: MetadataStore): string[] => [...store.image.topics.keys()];

async function onlyFile(disk: SimulatedDisk): Promise<string> {
  const [entry, ...others] = await disk.list(FOLDER);
  assert.equal(others.length, 0);
  return `${FOLDER}/${entry?.name}`;
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof MetadataError && error.code === 'UNAVAILABLE';
const isCorrupt = (error: unknown): boolean => error instanceof MetadataError && error.code === 'CORRUPT';

describe('the local metadata store', () => {
  it('begins empty and finds after a restart what was proposed', async () => {
    const disk = await newDisk();
    const store = await open(disk);
    assert.equal(store.image.version, 0);
    await store.propose(() => ({
      changes: [{ kind: 'cluster-created', clusterId: 'c' }],
      answer: undefined,
    }));
    assert.equal(await create(store, 'a', 3), 'a');
    await store.propose(() => ({
      changes: [{ kind: 'producer-ids-allocated', next: 1000 }],
      answer: undefined,
    }));
    const { image } = store;
    await store.close();
    const again = await open(disk);
    assert.deepEqual(again.image, image);
    assert.equal(again.image.version, 3);
  });

  it('lets each proposal decide on what those before it did, also within one group', async () => {
    const store = await open(await newDisk());
    assert.deepEqual(await Promise.all(['a', 'a', 'b'].map((name) => createOnce(store, name))), [
      'created',
      'exists',
      'created',
    ]);
    assert.equal(store.image.version, 2);
  });

  it('writes and syncs once for all that was proposed meanwhile, and tells subscribers once', async () => {
    const store = await open(await newDisk());
    const published: [number, number][] = [];
    store.subscribe((image, previous) => published.push([previous.version, image.version]));
    await Promise.all(['a', 'b', 'c'].map((name) => create(store, name)));
    assert.deepEqual(published, [[0, 3]]);
  });

  it('has told every subscriber before it answers', async () => {
    const store = await open(await newDisk());
    let seen: MetadataImage | undefined;
    const unsubscribe = store.subscribe((image) => (seen = image));
    await create(store, 'a');
    assert.equal(seen, store.image);
    unsubscribe();
    await create(store, 'b');
    assert.notEqual(seen, store.image);
  });

  it('fails the one proposal that throws or proposes the impossible', async () => {
    const store = await open(await newDisk());
    const [thrown, impossible, fine] = await Promise.allSettled([
      store.propose(() => {
        throw new Error('no');
      }),
      store.propose(() => ({ changes: [topic('x'), topic('x')], answer: 'x' })),
      create(store, 'a'),
    ]);
    assert.deepEqual([thrown.status, impossible.status, fine.status], ['rejected', 'rejected', 'fulfilled']);
    assert.deepEqual(names(store), ['a']);
  });

  it('goes on in a new file when the log has outgrown its snapshot, and keeps one file before it', async () => {
    const disk = await newDisk();
    const store = await open(disk, { snapshotAfterBytes: 500 });
    for (let i = 0; i < 40; i += 1) {
      await create(store, `t${i}`);
    }
    const { image } = store;
    await store.close();
    const files = (await disk.list(FOLDER)).map((entry) => entry.name);
    assert.equal(files.length, 2, files.join());
    assert.ok(!files.includes('00000000000000000000.metadata'));
    assert.deepEqual((await open(disk)).image, image);
  });

  it('refuses proposals after it was closed, and finishes those before', async () => {
    const store = await open(await newDisk());
    const last = create(store, 'a');
    await store.close();
    assert.equal(await last, 'a');
    await assert.rejects(
      create(store, 'b'),
      (error) => error instanceof MetadataError && error.code === 'CLOSED',
    );
  });
});

describe('the local metadata store on a failing disk', () => {
  it('answers UNAVAILABLE while the disk is full, and stores the next proposal once there is space', async () => {
    const disk = await newDisk();
    const store = await open(disk);
    await create(store, 'a');
    disk.faults.fail({ operation: 'write', code: 'NO_SPACE' });
    await assert.rejects(create(store, 'b', 200), isUnavailable);
    assert.deepEqual(names(store), ['a']);
    await create(store, 'c');
    await store.close();
    assert.deepEqual(names(await open(disk)), ['a', 'c']);
  });

  it('is dead after a failed sync and says so once', async () => {
    const disk = await newDisk();
    const fatal: Error[] = [];
    const store = await open(disk, { onFatal: (error) => fatal.push(error) });
    await create(store, 'a');
    disk.faults.fail({ operation: 'sync', code: 'IO' });
    await assert.rejects(create(store, 'b'), isUnavailable);
    await assert.rejects(create(store, 'c'), isUnavailable);
    assert.deepEqual(names(store), ['a']);
    assert.equal(fatal.length, 1);
  });

  it('does not trust what it finds after a failed sync: the device may not have it, and later syncs do not write it', async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      let disk = await newDisk(seed);
      const before = await open(disk);
      await create(before, 'durable');
      disk.faults.fail({ operation: 'sync' });
      await assert.rejects(create(before, 'found'), isUnavailable);
      disk.processCrash();
      disk = disk.restart();
      const store = await open(disk);
      const found = names(store);
      await create(store, 'later');
      disk.powerCut();
      assert.deepEqual(names(await open(disk.restart())), [...found, 'later']);
    }
  });

  it('is dead when the sync finds the disk full: what the system then keeps is unknown', async () => {
    const disk = await newDisk();
    const store = await open(disk);
    disk.faults.fail({ operation: 'sync', code: 'NO_SPACE' });
    await assert.rejects(create(store, 'a'), isUnavailable);
    await assert.rejects(create(store, 'b'), isUnavailable);
  });

  it('goes on with the old file when there is no space for a snapshot', async () => {
    const disk = await newDisk();
    const store = await open(disk, { snapshotAfterBytes: 500 });
    disk.faults.fail({ operation: 'open', code: 'NO_SPACE' });
    for (let i = 0; i < 20; i += 1) {
      await create(store, `t${i}`);
    }
    await store.close();
    assert.equal((await open(disk)).image.topics.size, 20);
  });
});

describe('recovery of the local metadata store', () => {
  it('never loses what was answered, at whatever moment the power goes', async () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const disk = await newDisk(seed);
      const random = new SeededRandom(seed);
      const answered = new Set<string>();
      let current = disk;
      for (let round = 0; round < 4; round += 1) {
        const store = await open(current, { snapshotAfterBytes: 700 });
        for (const name of answered) {
          assert.ok(store.image.topics.has(name), `seed ${seed}, round ${round}: ${name} is lost`);
        }
        const rounds = random.integer(6);
        for (let i = 0; i < rounds; i += 1) {
          const group = Array.from({ length: 1 + random.integer(3) }, (_, j) => `t${round}-${i}-${j}`);
          const answers = group.map((name) =>
            create(store, name, 1 + random.integer(20)).then(() => answered.add(name)),
          );
          if (i < rounds - 1) {
            await Promise.all(answers);
          } else {
            // The last group is somewhere on its way when the power goes.
            for (let steps = random.integer(12); steps > 0; steps -= 1) {
              await Promise.resolve();
            }
          }
        }
        if (random.chance(0.3)) {
          current.processCrash();
        } else {
          current.powerCut();
        }
        current = current.restart();
      }
    }
  });

  it('reports every flipped bit of what was durable, names file and position, and changes nothing', async () => {
    const disk = await newDisk();
    const store = await open(disk);
    await create(store, 'a');
    await create(store, 'b');
    await store.close();
    const path = await onlyFile(disk);
    const file = await disk.open(path, { mode: 'write' });
    const size = await file.size();
    const marked = size - 24;
    for (let position = 0; position < marked; position += 1) {
      const byte = new Uint8Array(1);
      await file.read(byte, position);
      const flipped = Uint8Array.of((byte[0] as number) ^ (1 << (position % 8)));
      await file.write([flipped], position);
      await assert.rejects(
        open(disk),
        (error) =>
          isCorrupt(error) &&
          (error as Error).message.includes(path) &&
          /at byte \d+/.test((error as Error).message),
        `at ${position}`,
      );
      assert.equal(await file.size(), size);
      await file.write([byte], position);
    }
    assert.deepEqual(names(await open(disk)), ['a', 'b']);
  });

  it('cuts a frame that was not finished, whatever was in it', async () => {
    const disk = await newDisk();
    const store = await open(disk);
    await create(store, 'a');
    await store.close();
    const path = await onlyFile(disk);
    const file = await disk.open(path, { mode: 'write' });
    const durable = (await file.size()) - 24;
    const long = await open(disk);
    await create(long, 'long', 50);
    await long.close();
    const whole = new Uint8Array((await file.size()) - 24 - durable);
    await file.read(whole, durable);
    for (let length = 0; length < whole.length; length += 7) {
      await file.truncate(durable);
      await file.write([whole.subarray(0, length)], durable);
      const recovered = await open(disk);
      assert.deepEqual(names(recovered), ['a'], `after ${length} bytes`);
      await create(recovered, 'next');
      assert.deepEqual(names(await open(disk)), ['a', 'next']);
      await recovered.close();
    }
  });

  it('refuses a format of a later version', async () => {
    const disk = await newDisk();
    await (await open(disk)).close();
    const file = await disk.open(await onlyFile(disk), { mode: 'write' });
    const header = Buffer.alloc(32);
    await file.read(header, 0);
    const { crc32c } = await import('@moldau/protocol/crc32c.ts');
    header.writeUInt32BE(2, 8);
    header.writeUInt32BE(crc32c(Buffer.concat([header.subarray(0, 12), header.subarray(16)])), 12);
    await file.write([header], 0);
    await assert.rejects(
      open(disk),
      (error) => isCorrupt(error) && /format version 2/.test((error as Error).message),
    );
  });
});
