import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import fc from 'fast-check';
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts';
import { PRODUCER_WINDOW, ProducerState, type SequencedBatch } from './producer-state.ts';

function batch(baseSequence: number, count = 1, producerEpoch = 0, producerId = 7): SequencedBatch {
  return { producerId, producerEpoch, baseSequence, lastOffsetDelta: count - 1, transactional: false };
}

/** Appends `batches` one behind the other, each allowed by `check`, and returns the next offset. */
function appendAll(state: ProducerState, batches: readonly SequencedBatch[], from = 0): number {
  let offset = from;
  for (const each of batches) {
    assert.equal(state.check(each).kind, 'next');
    state.append(each, offset, 1000 + offset, 5000);
    offset += each.lastOffsetDelta + 1;
  }
  return offset;
}

function errorOf(state: ProducerState, each: SequencedBatch): number {
  const verdict = state.check(each);
  assert.equal(verdict.kind, 'refused');
  return verdict.error;
}

test('sequences follow one another; a gap is out of order', () => {
  const state = new ProducerState();
  appendAll(state, [batch(0, 3), batch(3, 2)]);
  assert.equal(state.check(batch(5)).kind, 'next');
  assert.equal(errorOf(state, batch(6)), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(errorOf(state, batch(4)), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
});

test('each of the last five batches is recognised when it comes again, with its first offset', () => {
  const state = new ProducerState();
  const batches = Array.from({ length: 8 }, (_, i) => batch(i * 2, 2));
  appendAll(state, batches, 100);
  for (const [i, each] of batches.entries()) {
    const verdict = state.check(each);
    if (i < batches.length - PRODUCER_WINDOW) assert.equal(verdict.kind, 'refused');
    else {
      assert.equal(verdict.kind, 'duplicate');
      assert.equal(verdict.of.baseOffset, 100 + i * 2);
    }
  }
});

test('a producer that is not known may begin anywhere; a new epoch begins with 0; an old epoch is fenced', () => {
  const state = new ProducerState();
  appendAll(state, [batch(41)]);
  assert.equal(errorOf(state, batch(3, 1, 1)), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  appendAll(state, [batch(0, 1, 1)], 1);
  assert.equal(errorOf(state, batch(42, 1, 0)), ErrorCode.INVALID_PRODUCER_EPOCH);
});

test('sequences wrap from 2^31 - 1 to 0', () => {
  const state = new ProducerState();
  appendAll(state, [batch(0x7fff_fffe, 2), batch(0, 3)]);
  assert.equal(state.check(batch(0x7fff_fffe, 2)).kind, 'duplicate');
  const across = new ProducerState();
  appendAll(across, [batch(0x7fff_ffff, 3)]);
  assert.equal(across.get(7)?.batches[0]?.lastSequence, 1);
  assert.equal(across.check(batch(2)).kind, 'next');
});

test('what was discarded leaves no trace, whatever was durable before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: fc.integer({ min: 0, max: 2 }), bump: fc.boolean() }), { maxLength: 30 }),
      fc.nat(),
      (steps, pick) => {
        const state = new ProducerState();
        const kept = new ProducerState();
        const durable = steps.length === 0 ? 0 : pick % (steps.length + 1);
        const next = new Map<number, { sequence: number; epoch: number }>();
        for (const [offset, step] of steps.entries()) {
          const position = next.get(step.id) ?? { sequence: 0, epoch: 0 };
          if (step.bump) Object.assign(position, { sequence: 0, epoch: position.epoch + 1 });
          const each = batch(position.sequence, 1, position.epoch, step.id);
          state.append(each, offset, offset, 1);
          if (offset < durable) kept.append(each, offset, offset, 1);
          if (offset + 1 === durable) state.durable(durable);
          next.set(step.id, { sequence: position.sequence + 1, epoch: position.epoch });
        }
        state.discard(durable);
        assert.deepEqual(new Map(state.entries()), new Map(kept.entries()));
      },
    ),
  );
});

test('silent producers are forgotten, but not one with a write that is not durable yet', () => {
  const state = new ProducerState();
  state.append(batch(0, 1, 0, 1), 0, 0, 100);
  state.durable(1);
  state.append(batch(0, 1, 0, 2), 1, 0, 100);
  assert.equal(state.expire(200), 1);
  assert.deepEqual(
    [...state.entries()].map(([id]) => id),
    [2],
  );
});

test('a snapshot brings back the whole window; a damaged one is refused', () => {
  const state = new ProducerState();
  appendAll(state, [batch(0, 3), batch(3, 2), batch(5), batch(0x10, 4, 0, 9)], 50);
  const bytes = encodeProducerSnapshot(state) as Uint8Array;
  const read = decodeProducerSnapshot(bytes);
  assert.deepEqual(read?.get(7)?.batches, state.get(7)?.batches);
  assert.deepEqual([...(read?.keys() ?? [])], [7, 9]);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.equal(decodeProducerSnapshot(damaged), undefined);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => decodeProducerSnapshot(noise) === undefined),
  );
});

test("a snapshot of Kafka's own, without the windows, gives the last batch", () => {
  const state = new ProducerState();
  appendAll(state, [batch(0, 3), batch(3, 2)], 10);
  const ours = Buffer.from(encodeProducerSnapshot(state) as Uint8Array);
  const kafka = Buffer.from(ours.subarray(0, 6 + 4 + 46));
  const other = new ProducerState();
  appendAll(other, [batch(3, 2)], 13);
  // The CRC covers the file to its end, so a file that ends here has another one.
  kafka.writeUInt32BE(crc32cOf(kafka.subarray(6)), 2);
  const entry = decodeProducerSnapshot(kafka)?.get(7);
  assert.deepEqual(
    entry?.batches.map(({ firstSequence, lastSequence, baseOffset, lastOffset }) => [
      firstSequence,
      lastSequence,
      baseOffset,
      lastOffset,
    ]),
    [[3, 4, 13, 14]],
  );
});

/** Bit by bit, on purpose not by the library that the code uses. */
function crc32cOf(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f6_3b78;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

test('a producer with an open transaction is not forgotten, whatever its age, and is after its end', () => {
  const state = new ProducerState();
  const transactional = { ...batch(0), transactional: true };
  state.append(transactional, 0, 1000, 1000);
  state.durable(1);
  assert.equal(state.expire(1_000_000), 0);
  const marker = { producerId: 7, producerEpoch: 1, coordinatorEpoch: 2, committed: false };
  assert.deepEqual(state.appendMarker(marker, 1, 1500, 1500), {
    producerId: 7,
    firstOffset: 0,
    lastOffset: 1,
    lastStableOffset: 2,
  });
  assert.equal(state.expire(1_000_000), 0, 'its marker is not durable');
  state.durable(2);
  assert.equal(state.expire(1_000_000), 1);
});

test('an abort tells the last stable offset behind it: the first transaction that is still open', () => {
  const state = new ProducerState();
  for (const producerId of [7, 8, 9])
    state.append({ ...batch(0, 1, 0, producerId), transactional: true }, producerId, 0, 0);
  const aborted = (producerId: number, offset: number) =>
    state.appendMarker({ producerId, producerEpoch: 0, coordinatorEpoch: 0, committed: false }, offset, 0, 0)
      ?.lastStableOffset;
  assert.deepEqual([aborted(8, 10), aborted(7, 11), aborted(9, 12), aborted(7, 13)], [7, 9, 13, undefined]);
});

test('a snapshot keeps open transactions and the epochs of coordinators', () => {
  const state = new ProducerState();
  state.append({ ...batch(0), transactional: true }, 5, 1000, 1000);
  const marker = { producerId: 8, producerEpoch: 4, coordinatorEpoch: 9, committed: true };
  state.appendMarker(marker, 6, 1100, 1100);
  const restored = new ProducerState();
  for (const [id, entry] of decodeProducerSnapshot(encodeProducerSnapshot(state)!)!) restored.load(id, entry);
  assert.deepEqual([...restored.entries()], [...state.entries()]);
  assert.equal(restored.transactions.firstUnstableOffset, 5);
});

test('when the first batch of an unknown producer is lost or refused, no later one goes first', () => {
  const state = new ProducerState();
  appendAll(state, [batch(3), batch(4)]);
  state.discard(0);
  assert.equal(errorOf(state, batch(5)), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  state.refused(batch(3));
  assert.equal(errorOf(state, batch(4)), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  appendAll(state, [batch(3), batch(4), batch(5)]);
  assert.equal(state.check(batch(7, 1, 0, 8)).kind, 'next', 'others begin anywhere');
});
