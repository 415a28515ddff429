// Which segments are put together.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Segment } from '../segment.ts';
import { mayJoin } from './join-segments.ts';

const LIMITS = { segmentBytes: 1000, segmentIndexBytes: 1000, indexIntervalBytes: 100 };

function next(size: number, end: number) {
  return { segment: { written: { size } } as unknown as Segment, end };
}

describe('a segment goes behind those before it', () => {
  it('when the bytes of all fit into one', () => {
    assert(mayJoin(400, 0, next(600, 20), LIMITS));
    assert(!mayJoin(400, 0, next(601, 20), LIMITS));
  });

  it('when the entries of their indexes fit', () => {
    assert(mayJoin(200, 0, next(200, 20), { ...LIMITS, segmentIndexBytes: 32 }));
    assert(!mayJoin(200, 0, next(201, 20), { ...LIMITS, segmentIndexBytes: 32 }));
  });

  it('when the last offset is within 2^31 of the first', () => {
    assert(mayJoin(0, 5, next(1, 5 + 2 ** 31), LIMITS));
    assert(!mayJoin(0, 5, next(1, 6 + 2 ** 31), LIMITS));
  });
});
