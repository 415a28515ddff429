import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EncodeError } from '../src/protocol-error.ts';
import { Reader } from '../src/reader.ts';
import { Writer } from '../src/writer.ts';
import { type CodecUnderTest, generatedCodecs } from './generated-codecs.ts';
import { interpretDecode, interpretEncode, type StructValue } from './interpreter.ts';
import { randomBelow, randomMessage } from './random-message.ts';

/** Random messages of each message and version. */
const RUNS = 12;

const codecs = await generatedCodecs();

function encode({ codec }: CodecUnderTest, message: StructValue, version: number): Uint8Array {
  const writer = new Writer(64);
  codec.encode(writer, message, version);
  assert.equal(writer.length, Buffer.concat(writer.finish()).length);
  const again = new Writer();
  codec.encode(again, message, version);
  return again.toBytes();
}

function decode({ codec }: CodecUnderTest, bytes: Uint8Array, version: number): StructValue {
  const reader = new Reader(bytes);
  const message = codec.decode(reader, version);
  reader.expectEnd();
  return message;
}

/** Views compare by content, whatever class of bytes they are. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

for (const under of codecs) {
  test(`${under.codec.name}: generated codec and interpreter agree in every version`, () => {
    for (const version of under.versions) {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const message = randomMessage(under.message, version, randomBelow(seed));
          const bytes = encode(under, message, version);
          assert.deepEqual(Buffer.from(bytes), interpretEncode(under.message, message, version));
          const decoded = decode(under, bytes, version);
          assert.deepEqual(plain(decoded), plain(interpretDecode(under.message, bytes, version)));
          assert.deepEqual(encode(under, decoded, version), bytes);
        }),
        { numRuns: RUNS },
      );
    }
  });
}

test('a value that the version cannot carry is refused exactly where the interpreter refuses it', () => {
  let refused = 0;
  for (const under of codecs) {
    for (const version of under.versions) {
      for (let seed = 0; seed < 6; seed++) {
        const message = randomMessage(under.message, version, randomBelow(seed * 7919 + version), true);
        let expected: Buffer | undefined;
        try {
          expected = interpretEncode(under.message, message, version);
        } catch {
          refused++;
        }
        if (expected === undefined) assert.throws(() => encode(under, message, version), EncodeError);
        else assert.deepEqual(Buffer.from(encode(under, message, version)), expected);
      }
    }
  }
  assert.ok(refused > 100, `${refused} refusals`);
});

test('a new message has the schema defaults: it encodes as the interpreter writes them', async () => {
  const { newFetchRequest } = await import('../src/generated/fetch.ts');
  const { newOffsetCommitRequest } = await import('../src/generated/offset-commit.ts');
  assert.deepEqual(
    { ...newFetchRequest({ maxWaitMs: 5 }) },
    {
      clusterId: null,
      replicaId: -1,
      replicaState: { replicaId: -1, replicaEpoch: -1 },
      maxWaitMs: 5,
      minBytes: 0,
      maxBytes: 0x7fffffff,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [],
      forgottenTopicsData: [],
      rackId: '',
    },
  );
  assert.equal(newOffsetCommitRequest().generationIdOrMemberEpoch, -1);
});
