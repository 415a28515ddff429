// Whose transaction a batch belongs to, and which markers may go.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { buildEndTransactionBatch } from '@moldau/protocol/records/control-record.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';

import { TransactionFates } from './transaction-fates.ts';

const aborted = (producerId: number, firstOffset: number, lastOffset: number) => ({
  producerId,
  firstOffset,
  lastOffset,
  lastStableOffset: lastOffset + 1,
});

function data(
  fates: TransactionFates,
  producerId: number,
  baseOffset: number,
  transactional = true,
): boolean {
  const options = { baseOffset, producerId, producerEpoch: 0, baseSequence: 0, transactional };
  return fates.onData(buildBatch({ ...options, records: [{ key: Buffer.from('k') }] }), 0);
}

function marker(fates: TransactionFates, producerId: number, baseOffset: number, type: 'commit' | 'abort') {
  const options = { type, coordinatorEpoch: 0, producerId, producerEpoch: 0, timestamp: 1, baseOffset };
  const { removable, aborted: told } = fates.onControl(buildEndTransactionBatch(options), 0);
  return [removable, told?.lastOffset];
}

describe('transactions in the order of the log', () => {
  it('are aborted from the first offset to the marker, of that producer alone', () => {
    const fates = new TransactionFates([aborted(7, 10, 14), aborted(7, 20, 22)]);
    assert.equal(data(fates, 7, 5), false, 'an earlier one, committed');
    assert.deepEqual(marker(fates, 7, 6, 'commit'), [false, undefined]);
    assert.equal(data(fates, 7, 10), true);
    assert.equal(data(fates, 8, 11), false);
    assert.equal(data(fates, 7, 12, false), false, 'outside of any transaction');
    assert.equal(data(fates, 7, 13), true);
    assert.deepEqual(marker(fates, 7, 14, 'abort'), [false, 14], 'readers have to be told');
    assert.equal(data(fates, 7, 16), false);
    assert.deepEqual(marker(fates, 7, 17, 'commit'), [false, undefined]);
    assert.deepEqual(marker(fates, 8, 18, 'commit'), [false, undefined]);
    assert.equal(data(fates, 7, 20), true);
    assert.deepEqual(marker(fates, 7, 22, 'abort'), [false, 22]);
  });

  it('leave markers that may go when nothing of them is left', () => {
    const fates = new TransactionFates([aborted(7, 10, 14)]);
    assert.deepEqual(marker(fates, 7, 14, 'abort'), [true, undefined]);
    assert.deepEqual(marker(fates, 7, 15, 'commit'), [true, undefined]);
    assert.equal(data(fates, 7, 16), false);
    assert.deepEqual(marker(fates, 7, 17, 'commit'), [false, undefined]);
    assert.deepEqual(marker(fates, 7, 18, 'commit'), [true, undefined]);
  });
});
