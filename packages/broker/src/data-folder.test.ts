import assert from 'node:assert/strict';
import test from 'node:test';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { openDataFolder, type DataFolderError } from './data-folder.ts';

test('a folder that was opened survives every power cut, with the folders above that had to be made', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = new SimulatedDisk({ random: new SeededRandom(seed) });
    await openDataFolder(disk, '/srv/moldau/data');
    disk.powerCut();
    assert.equal(await disk.restart().exists('/srv/moldau/data/moldau.json'), true, `seed ${seed}`);
  }
});

test('one owner at a time', async () => {
  const disk = new SimulatedDisk();
  const folder = await openDataFolder(disk, '/data');
  await assert.rejects(
    openDataFolder(disk, '/data'),
    (error: DataFolderError) => error.code === 'LOCKED' && /--data/.test(error.message),
  );
  await folder.release();
  await (await openDataFolder(disk, '/data')).release();
});

test('a folder of another version, or an unreadable one, is left alone', async () => {
  for (const content of ['{ "format": 2 }', '{ "format": "1" }', 'no json', '', 'null']) {
    const disk = new SimulatedDisk();
    await disk.makeDirectory('/data');
    const file = await disk.open('/data/moldau.json', { mode: 'create' });
    await file.writeDurably([Buffer.from(content)], 0);
    await assert.rejects(
      openDataFolder(disk, '/data'),
      (error: DataFolderError) => error.code === 'FORMAT' && /Nothing was changed/.test(error.message),
    );
    assert.equal(await file.size(), content.length);
    // The lock was given back.
    await (await disk.lock('/data/.lock')).release();
  }
});

test("a Kafka broker's folder is left alone", async () => {
  const disk = new SimulatedDisk();
  await disk.makeDirectory('/data');
  await (await disk.open('/data/meta.properties', { mode: 'create' })).close();
  await assert.rejects(
    openDataFolder(disk, '/data'),
    (error: DataFolderError) =>
      error.code === 'FORMAT' && /moldau adopt --from \/data --data/.test(error.message),
  );
  assert.equal(await disk.exists('/data/moldau.json'), false);
});

test('what an adoption has left behind that did not end is removed', async () => {
  const disk = new SimulatedDisk();
  await disk.makeDirectory('/data/adopting/orders-0');
  await (await openDataFolder(disk, '/data')).release();
  assert.equal(await disk.exists('/data/adopting'), false);
});
