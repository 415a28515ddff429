import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReusedMemory } from '../log/reused-memory.ts';
import { FrameReader, FrameTooLarge } from './frame-reader.ts';

const memory = new ReusedMemory(1024 * 1024);

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(body.length, 0);
  frame.set(body, 4);
  return frame;
}

test('frames come out whole and in order, however the stream is cut, and do not share the chunk', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (bodies, cuts) => {
        const frames: Buffer[] = [];
        const reader = new FrameReader({ maxFrameBytes: 100 }, memory, (frame) => frames.push(frame));
        const stream = Buffer.concat(bodies.map(framed));
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] as number;
          const chunk = Buffer.from(stream.subarray(at, at + size));
          reader.push(chunk);
          chunk.fill(0xee);
          at += size;
        }
        assert.deepEqual(
          frames.map((frame) => [...frame]),
          bodies.map((body) => [...body]),
        );
        assert.equal(reader.partialBytes, 0);
      },
    ),
  );
});

test('a frame larger than what is allowed, or negative, is refused as soon as its length is there', () => {
  for (const length of [101, -1, 0x7fff_ffff]) {
    const reader = new FrameReader({ maxFrameBytes: 100 }, memory, () => assert.fail('no frame'));
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(length);
    assert.throws(() => reader.push(bytes), FrameTooLarge);
  }
});

test('a large frame grows with what arrives and is handed over in a buffer of its own size', () => {
  const size = 9 * 1024 * 1024;
  const body = Buffer.alloc(size);
  for (let i = 0; i < size; i += 4096) body.writeUInt32BE(i, i);
  const frames: Buffer[] = [];
  const reader = new FrameReader({ maxFrameBytes: size }, memory, (frame) => frames.push(frame));
  const stream = framed(body);
  for (let at = 0; at < stream.length; at += 65_536) reader.push(stream.subarray(at, at + 65_536));
  assert.equal(frames.length, 1);
  assert.ok(frames[0]?.equals(body));
});

test('a produce request lies in memory that can be used again; any other does not', () => {
  const pieces: boolean[] = [];
  const reader = new FrameReader({ maxFrameBytes: 10_000 }, memory, (_frame, piece) =>
    pieces.push(piece !== undefined),
  );
  const body = Buffer.alloc(8000);
  reader.push(framed(body));
  body[1] = 3;
  reader.push(framed(body));
  assert.deepEqual(pieces, [true, false]);
});
