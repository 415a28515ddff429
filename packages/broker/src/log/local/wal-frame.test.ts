// Frames: what is written is read, and nothing else is taken for a frame.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { batchAt } from './log-fixture.ts';
import { FrameWriter, WAL_ALIGNMENT, decodeFrameHeader, type WalPartition } from './wal-frame.ts';

function partition(walNumber: number, topic = `topic-${walNumber}`): WalPartition {
  return {
    id: { topic, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partition: walNumber },
    walNumber,
    definedInEpoch: 0,
  };
}

function frameOf(write: (frame: FrameWriter) => void, epoch = 5): Buffer {
  const frame = new FrameWriter();
  frame.begin(12, 11, epoch);
  write(frame);
  return Buffer.concat(frame.finish().buffers);
}

describe('a frame', () => {
  it('says what was put into it', () => {
    const p = partition(7);
    const bytes = frameOf((frame) => {
      frame.batches(p);
      frame.batch(batchAt(40, { records: 3, epoch: 2 }), true);
      frame.batch(batchAt(43), false);
      frame.startOffset(p, 41);
      frame.segmentBatches(partition(8), 1000, 4096);
      frame.batchInSegment(batchAt(1001), false);
    });
    assert.equal(bytes.length % WAL_ALIGNMENT, 0);
    const header = decodeFrameHeader(bytes)!;
    assert.deepEqual(
      [header.sequence, header.durableSequence, header.epoch, header.bodyBytes],
      [12, 11, 5, 400],
    );
    assert.deepEqual(header.definitions.get(7), p.id);
    const [batches, start, segment] = header.sections;
    assert(batches?.kind === 'batches' && start?.kind === 'start' && segment?.kind === 'segment');
    assert.deepEqual(
      batches.batches.map((b) => [b.baseOffset, b.lastOffset, b.length, b.leaderEpoch, b.beginsSegment]),
      [
        [40, 42, 200, 2, true],
        [43, 43, 200, 0, false],
      ],
    );
    assert.equal(start.startOffset, 41);
    assert.deepEqual(
      [segment.segmentBase, segment.position, segment.batches[0]!.baseOffset],
      [1000, 4096, 1001],
    );
  });

  it('defines a partition once in a file', () => {
    const p = partition(3);
    const first = decodeFrameHeader(frameOf((frame) => frame.startOffset(p, 1)))!;
    const second = decodeFrameHeader(frameOf((frame) => frame.startOffset(p, 2)))!;
    const inNextFile = decodeFrameHeader(frameOf((frame) => frame.startOffset(p, 2), 6))!;
    assert.deepEqual(
      [first.definitions.size, second.definitions.size, inNextFile.definitions.size],
      [1, 0, 1],
    );
  });

  it('carries any topic name and offset', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 249 }),
        fc.maxSafeNat(),
        (topic, offset) => {
          const header = decodeFrameHeader(
            frameOf((frame) => frame.startOffset(partition(1, topic), offset)),
          )!;
          assert.equal(header.definitions.get(1)!.topic, topic.toWellFormed());
          assert.deepEqual(header.sections, [{ kind: 'start', number: 1, startOffset: offset }]);
        },
      ),
    );
  });

  it('with any byte of its header changed is none', () => {
    const bytes = frameOf((frame) => {
      frame.batches(partition(1));
      frame.batch(batchAt(0), false);
    });
    const { headerBytes } = decodeFrameHeader(bytes)!;
    for (let at = 0; at < headerBytes; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      assert.equal(decodeFrameHeader(damaged), undefined, `byte ${at}`);
    }
  });

  it('is not found in noise, and noise does no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        assert.equal(decodeFrameHeader(noise), undefined);
        const withMagic = Buffer.concat([Buffer.from('MWF1'), noise]);
        assert.equal(decodeFrameHeader(withMagic), undefined);
      }),
    );
  });
});
