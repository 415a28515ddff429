import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '../src/protocol-error.ts';
import { Reader } from '../src/reader.ts';
import { Writer } from '../src/writer.ts';
import { type CodecUnderTest, generatedCodecs } from './generated-codecs.ts';
import { type RandomBelow, randomBelow, randomMessage } from './random-message.ts';

/** Damaged messages of each message and version. */
const RUNS = 60;

const codecs = await generatedCodecs();

/** Decodes; whether the bytes were a message. Anything thrown but a DecodeError fails the test. */
function survives({ codec }: CodecUnderTest, bytes: Uint8Array, version: number): boolean {
  try {
    const reader = new Reader(bytes);
    codec.decode(reader, version);
    reader.expectEnd();
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw new Error(`${codec.name} v${version}: ${Buffer.from(bytes).toString('hex')}`, { cause: error });
  }
}

function encode({ message, codec }: CodecUnderTest, version: number, random: RandomBelow): Uint8Array {
  const writer = new Writer();
  codec.encode(writer, randomMessage(message, version, random), version);
  return writer.toBytes();
}

/** Cut, flipped, overwritten with the ends of number types, or with bytes put in or taken out. */
function damage(bytes: Uint8Array, random: RandomBelow): Uint8Array {
  const damaged = Buffer.from(bytes);
  if (damaged.length === 0) return Buffer.from([random(256)]);
  const at = random(damaged.length);
  switch (random(6)) {
    case 0:
      return damaged.subarray(0, at);
    case 1:
      damaged[at] = damaged[at]! ^ (1 << random(8));
      return damaged;
    case 2:
      damaged.fill([0x00, 0x7f, 0x80, 0xff][random(4)]!, at, Math.min(at + 1 + random(8), damaged.length));
      return damaged;
    case 3:
      return Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 1 + random(4))]);
    case 4:
      return Buffer.concat([
        damaged.subarray(0, at),
        randomBytes(random, 1 + random(8)),
        damaged.subarray(at),
      ]);
    default:
      return randomBytes(random, random(200));
  }
}

function randomBytes(random: RandomBelow, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random(256)));
}

test('damaged and random bytes give a message or a DecodeError, nothing else', () => {
  let refused = 0;
  let accepted = 0;
  for (const under of codecs) {
    for (const version of under.versions) {
      const random = randomBelow(version * 31 + under.codec.name.length);
      for (let run = 0; run < RUNS; run++) {
        const ok = survives(under, damage(encode(under, version, random), random), version);
        if (ok) accepted++;
        else refused++;
      }
    }
  }
  assert.ok(refused > 1000 && accepted > 1000, `${refused} refused, ${accepted} accepted`);
});

test('every message cut short at every byte is refused', () => {
  for (const under of codecs) {
    const version = under.versions.at(-1)!;
    const bytes = encode(under, version, randomBelow(under.codec.name.length));
    for (let end = 0; end < bytes.length && end < 400; end++) {
      assert.equal(
        survives(under, bytes.subarray(0, end), version),
        false,
        `${under.codec.name} cut at ${end}`,
      );
    }
  }
});

test('bytes that promise much are refused before memory is taken for it', () => {
  for (const under of codecs) {
    for (const version of under.versions) {
      for (const byte of [0x00, 0x01, 0x7f, 0xff]) survives(under, Buffer.alloc(300, byte), version);
    }
  }
});
