// Ways to spoil a good frame. Pure: bytes and random numbers in, other bytes out.
import type { RandomBelow } from '../../packages/protocol/gen/random-message.ts';

/** Values that length fields and counters are likeliest to be wrong with. */
const EDGES = [0, 1, -1, -2, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fffffff, -0x80000000, 0x00ffffff, 100_000_000];

/** Where the body begins: behind length, key, version and correlation id. */
const BODY_AT = 12;

type Mutation = (frame: Buffer, random: RandomBelow) => Buffer;

const mutations: readonly Mutation[] = [
  function flipBits(frame, random) {
    const spoiled = Buffer.from(frame);
    for (let count = 1 + random(8); count > 0; count--) {
      const at = 4 + random(Math.max(1, frame.length - 4));
      if (at < spoiled.length) spoiled[at]! ^= 1 << random(8);
    }
    return spoiled;
  },
  function overwriteWithEdge(frame, random) {
    const spoiled = Buffer.from(frame);
    const at = BODY_AT + random(Math.max(1, frame.length - BODY_AT - 4));
    if (at + 4 <= spoiled.length) spoiled.writeInt32BE(EDGES[random(EDGES.length)]!, at);
    return spoiled;
  },
  /** A varint of five bytes in the middle: a compact length beyond everything. */
  function hugeVarint(frame, random) {
    const at = BODY_AT + random(Math.max(1, frame.length - BODY_AT));
    const huge = Buffer.from([0xff, 0xff, 0xff, 0xff, random(16)]);
    return withLength(Buffer.concat([frame.subarray(0, at), huge, frame.subarray(at)]));
  },
  /** Cut short, with a length that fits: the message ends in the middle of a field. */
  function truncate(frame, random) {
    return withLength(Buffer.from(frame.subarray(0, 4 + random(Math.max(1, frame.length - 4)))));
  },
  function append(frame, random) {
    return withLength(Buffer.concat([frame, randomBytes(random, 1 + random(100))]));
  },
  function otherVersion(frame, random) {
    const spoiled = Buffer.from(frame);
    if (spoiled.length >= 8) spoiled.writeInt16BE(random(2) === 0 ? random(24) : random(65536) - 32768, 6);
    return spoiled;
  },
  function otherApi(frame, random) {
    const spoiled = Buffer.from(frame);
    if (spoiled.length >= 6) spoiled.writeInt16BE(random(2) === 0 ? random(100) : random(65536) - 32768, 4);
    return spoiled;
  },
  /** The length says more or less than there is: what follows is read as part of this frame, or this one's end as the next. */
  function wrongLength(frame, random) {
    const spoiled = Buffer.from(frame);
    const lengths = [
      frame.length - 4 - 1 - random(8),
      frame.length - 4 + 1 + random(64),
      EDGES[random(EDGES.length)]!,
    ];
    spoiled.writeInt32BE(lengths[random(lengths.length)]! | 0, 0);
    return spoiled;
  },
  function repeatSlice(frame, random) {
    const from = BODY_AT + random(Math.max(1, frame.length - BODY_AT));
    const slice = frame.subarray(from, from + 1 + random(64));
    return withLength(
      Buffer.concat([
        frame.subarray(0, from),
        ...Array.from({ length: 1 + random(20) }, () => slice),
        frame.subarray(from),
      ]),
    );
  },
];

/** One to three mutations of `frame`, which stays as it is. */
export function mutateFrame(frame: Buffer, random: RandomBelow): Buffer {
  let spoiled = frame;
  for (let count = 1 + random(3); count > 0 && spoiled.length > 4; count--) {
    spoiled = mutations[random(mutations.length)]!(spoiled, random);
  }
  return spoiled;
}

export function randomBytes(random: RandomBelow, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = random(256);
  return bytes;
}

function withLength(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  if (copy.length >= 4) copy.writeInt32BE(copy.length - 4);
  return copy;
}
