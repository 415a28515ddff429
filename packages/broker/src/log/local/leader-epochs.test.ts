// KIP-101: where an epoch ends.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { LeaderEpochs } from './leader-epochs.ts';

const EPOCHS = [
  { epoch: 2, startOffset: 10 },
  { epoch: 4, startOffset: 20 },
  { epoch: 7, startOffset: 30 },
];

describe('leader epochs', () => {
  it('end where the next one begins, the latest at the end of the log', () => {
    const epochs = new LeaderEpochs(EPOCHS);
    assert.deepEqual(epochs.endOffsetOf(7, 50), { epoch: 7, endOffset: 50 });
    assert.deepEqual(epochs.endOffsetOf(4, 50), { epoch: 4, endOffset: 30 });
    assert.deepEqual(epochs.endOffsetOf(5, 50), { epoch: 4, endOffset: 30 }, 'the largest known one below');
    assert.deepEqual(epochs.endOffsetOf(1, 50), { epoch: 1, endOffset: 10 }, 'before the first known one');
    assert.equal(epochs.endOffsetOf(8, 50), undefined);
    assert.equal(epochs.endOffsetOf(-1, 50), undefined);
    assert.equal(new LeaderEpochs().endOffsetOf(0, 50), undefined);
  });

  it('begin with the first batch of theirs', () => {
    const epochs = new LeaderEpochs();
    assert.deepEqual(
      [epochs.assign(3, 0), epochs.assign(3, 5), epochs.assign(2, 6), epochs.assign(4, 9)],
      [true, false, false, true],
    );
    assert.equal(epochs.latest, 4);
    assert.equal(Buffer.from(epochs.encode()).toString(), '0\n2\n3 0\n4 9\n');
  });

  it('are cut with the log, at either end', () => {
    const epochs = new LeaderEpochs(EPOCHS);
    epochs.truncateFromStart(25);
    assert.deepEqual(epochs.entries, [{ epoch: 4, startOffset: 25 }, EPOCHS[2]]);
    epochs.truncateFromEnd(30);
    assert.deepEqual(epochs.entries, [{ epoch: 4, startOffset: 25 }]);
  });
});
