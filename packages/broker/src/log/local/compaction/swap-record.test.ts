// What a start makes of the files that a swap has left, and when it refuses to touch any.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import { writeHint } from '@moldau/runtime/small-files.ts';

import { offsetName } from '../partition-files.ts';
import { encodeSwapRecord, finishSwaps, type SwapRecord } from './swap-record.ts';

const RECORD: SwapRecord = { base: 0, end: 30, bytes: 3, files: ['.log', '.txnindex'] };
const OTHERS = ['30.log', '30.index', '10.snapshot', '30.snapshot'];

/** Files by short names, `10.log` for `00000000000000000010.log`, each with its own name as content, cut to three bytes. */
async function folder(names: readonly string[], record: Uint8Array | undefined): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await disk.makeDirectory('/p');
  for (const name of names) await writeHint(disk, `/p/${long(name)}`, Buffer.from('abc'));
  if (record !== undefined) await writeHint(disk, `/p/${long('0.swap')}`, record);
  return disk;
}

function long(name: string): string {
  const dot = name.indexOf('.');
  return offsetName(Number(name.slice(0, dot))) + name.slice(dot);
}

async function namesIn(disk: SimulatedDisk): Promise<string[]> {
  const names = (await disk.list('/p')).map(({ name }) => Number(name.slice(0, 20)) + name.slice(20));
  return names.sort();
}

describe('a start', () => {
  it('removes what was written aside when there is no record', async () => {
    const old = ['0.log', '0.index', '10.log', ...OTHERS];
    const disk = await folder([...old, '0.log.cleaned', '0.index.cleaned', '0.swap.tmp'], undefined);
    await finishSwaps(disk, '/p');
    assert.deepEqual(await namesIn(disk), old.sort());
  });

  it('finishes a swap, however much of it had been done', async () => {
    const left = ['0.log', '0.txnindex', ...OTHERS].sort();
    for (const names of [
      ['0.log', '0.txnindex', '10.log', '20.log', '20.timeindex', '0.log.cleaned', '0.txnindex.cleaned'],
      ['0.log.1.deleted', '10.log', '0.log.cleaned', '0.txnindex'],
      ['0.log', '0.txnindex', '20.log'],
      ['0.log', '0.txnindex'],
    ]) {
      const disk = await folder([...names, ...OTHERS], encodeSwapRecord(RECORD));
      await finishSwaps(disk, '/p');
      assert.deepEqual(
        (await namesIn(disk)).filter((name) => !name.endsWith('deleted')),
        left,
        names.join(),
      );
    }
  });

  it('takes the index of aborted transactions away when the new segment has none', async () => {
    const disk = await folder(
      ['0.log', '0.txnindex', '0.log.cleaned'],
      encodeSwapRecord({ ...RECORD, files: ['.log'] }),
    );
    await finishSwaps(disk, '/p');
    assert.deepEqual(await namesIn(disk), ['0.log']);
  });

  it('changes nothing when the record is damaged, or the new segment is not what it says', async () => {
    const names = ['0.log', '10.log', '20.log'];
    for (const record of [
      Buffer.from('{"base"'),
      encodeSwapRecord({ ...RECORD, base: 10 }),
      encodeSwapRecord({ ...RECORD, bytes: 4 }),
    ]) {
      const disk = await folder(names, record);
      await assert.rejects(finishSwaps(disk, '/p'), { name: 'LogError', code: 'CORRUPT' });
      assert.deepEqual(await namesIn(disk), [...names, '0.swap'].sort());
    }
  });
});
