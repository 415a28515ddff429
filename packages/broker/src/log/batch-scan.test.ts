// The walk over a file's batches: each once, whole, and the reason where they end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { batchBaseOffset } from '@moldau/protocol/records/batch-header.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';

import { batchAt } from '../testing/kafka-folder.ts';
import { scanBatches, type EndOfScan } from './batch-scan.ts';

async function scan(content: Uint8Array, from?: number): Promise<EndOfScan & { offsets: number[] }> {
  const disk = new SimulatedDisk();
  const file = await disk.open('/file', { mode: 'create' });
  await file.write([content], 0);
  const offsets: number[] = [];
  const end = await scanBatches(file, (bytes, at) => void offsets.push(batchBaseOffset(bytes, at)), from);
  return { ...end, offsets };
}

test('visits every batch, small ones and those larger than a block', async () => {
  const large = buildBatch({ baseOffset: 5, records: [{ timestamp: 1, value: new Uint8Array(3_000_000) }] });
  const content = Buffer.concat([batchAt(0, 5), large, batchAt(6, 1), large.subarray(0, 2_000_000)]);
  const { offsets, position, problem } = await scan(content);
  assert.deepEqual(offsets, [0, 5, 6]);
  assert.equal(position, content.length - 2_000_000);
  assert.equal(problem, 'too-short');
  assert.deepEqual((await scan(content, batchAt(0, 5).length)).offsets, [5, 6]);
});

test('tells zeros and noise from a message of an old format, which has a checksum', async () => {
  const whole = batchAt(0, 1);
  const after = async (tail: Uint8Array): Promise<string | undefined> =>
    (await scan(Buffer.concat([whole, tail]))).problem;
  assert.equal(await after(new Uint8Array(400)), 'length-out-of-bounds');
  const old = Buffer.alloc(26);
  old.writeInt32BE(14, 8);
  old.writeUInt32BE(crc32(old.subarray(16)), 12);
  assert.equal(await after(old), 'old-magic');
  old[20] = 7;
  assert.equal(await after(old), 'length-out-of-bounds');
});

test('ends where the visitor says, and believes in no batch that is larger than any can be', async () => {
  const disk = new SimulatedDisk();
  const file = await disk.open('/file', { mode: 'create' });
  const first = batchAt(0, 1);
  const huge = Buffer.from(batchAt(1, 1));
  huge.writeInt32BE(0x7fff_ffff, 8);
  await file.write([first, huge], 0);
  assert.deepEqual(await scanBatches(file, () => false), { position: first.length, problem: undefined });
  await file.truncate(2 ** 32);
  const { position, problem } = await scanBatches(file, () => {});
  assert.deepEqual([position, problem], [first.length, 'length-out-of-bounds']);
});
