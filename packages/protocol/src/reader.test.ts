import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from './protocol-error.ts';
import { MAX_STRING_LENGTH, Reader } from './reader.ts';
import { Writer } from './writer.ts';

function reader(...bytes: number[]): Reader {
  return new Reader(Uint8Array.from(bytes));
}

/** What the reader says; fails the test when it has nothing against it. */
function refusal(read: () => unknown): DecodeError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof DecodeError);
    return error;
  }
  return assert.fail('not refused');
}

function written(write: (writer: Writer) => void): Reader {
  const writer = new Writer(1);
  write(writer);
  return new Reader(writer.toBytes());
}

test('whatever is written is read again, up to the last byte', () => {
  const numbers = [
    ['int8', -(2 ** 7), 2 ** 7 - 1],
    ['int16', -(2 ** 15), 2 ** 15 - 1],
    ['uint16', 0, 2 ** 16 - 1],
    ['int32', -(2 ** 31), 2 ** 31 - 1],
    ['uint32', 0, 2 ** 32 - 1],
    ['int64', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ['uvarint', 0, 2 ** 32 - 1],
  ] as const;
  for (const [name, min, max] of numbers) {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, 0)), (value) => {
        const bytes = written((writer) => writer[name](value, 'n'));
        assert.equal(bytes[name]('n'), value);
        bytes.expectEnd();
      }),
    );
  }
});

test('strings of any length and script are read again, in both length forms', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const well = text.toWellFormed();
      const bytes = written((writer) => {
        writer.string(text, 's');
        writer.compactString(text, 's');
        writer.nullableString(null, 's');
        writer.compactNullableString(null, 's');
      });
      assert.equal(bytes.string('s'), well);
      assert.equal(bytes.compactString('s'), well);
      assert.equal(bytes.nullableString('s'), null);
      assert.equal(bytes.compactNullableString('s'), null);
      bytes.expectEnd();
    }),
  );
});

test('a byte order mark is part of the text', () => {
  const bytes = written((writer) => writer.string('\ufefftopic', 's'));
  assert.equal(bytes.string('s'), '\ufefftopic');
});

test('the ends of an int64 are refused, or saturate', () => {
  const most = [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
  const least = [0x80, 0, 0, 0, 0, 0, 0, 0];
  assert.match(
    refusal(() => reader(...most).int64('offset')).message,
    /^offset: an int64 beyond the safe integers/,
  );
  assert.equal(reader(...most).saturatingInt64('t'), Number.MAX_SAFE_INTEGER);
  assert.equal(reader(...least).saturatingInt64('t'), Number.MIN_SAFE_INTEGER);
  assert.equal(reader(...most).bits64('hash'), 2n ** 63n - 1n);
  const ends = written((writer) => {
    writer.saturatingInt64(Number.MAX_SAFE_INTEGER, 't');
    writer.saturatingInt64(Number.MIN_SAFE_INTEGER, 't');
  });
  assert.deepEqual([...ends.bytes], [...most, ...least]);
});

test('a read beyond the end names the field, and what was missing', () => {
  assert.equal(
    refusal(() => reader(1, 2, 3).int32('leaderId')).message,
    'leaderId: 3 bytes left, 4 needed (at byte 0)',
  );
  for (const method of [
    'int8',
    'int16',
    'uint16',
    'int32',
    'int64',
    'uuid',
    'float64',
    'uvarint',
    'string',
  ] as const) {
    assert.equal(refusal(() => reader()[method]('f')).path, 'f');
  }
  assert.throws(() => reader(0, 5, 97).string('name'), DecodeError);
  assert.throws(() => reader(0, 0, 0, 9, 1).byteString('records'), DecodeError);
});

test('the part given is the limit, not the bytes behind it', () => {
  const part = new Reader(Uint8Array.from([0, 0, 0, 7, 9]), 1, 4);
  assert.throws(() => part.int32('x'), DecodeError);
  assert.equal(part.int16('x'), 0);
  assert.equal(part.remaining, 1);
  assert.match(refusal(() => part.expectEnd()).message, /^1 bytes left over after the message/);
  assert.throws(() => new Reader(new Uint8Array(2), 1, 3), RangeError);
});

test('an array length that the bytes left cannot hold is refused', () => {
  assert.equal(reader(0, 0, 0, 2, 1, 1, 1, 1).arrayLength('topics', 2), 2);
  const error = refusal(() => reader(0, 0, 0, 3, 1, 1, 1, 1).arrayLength('topics', 2));
  assert.equal(error.message, 'topics: 3 elements of at least 2 bytes, but 4 bytes left (at byte 4)');
  assert.throws(() => reader(0x7f, 0xff, 0xff, 0xff).nullableArrayLength('topics', 1), DecodeError);
  assert.throws(() => reader(0xff, 0xff, 0xff, 0xff, 0x0f).compactArrayLength('topics', 1), DecodeError);
});

test('one reader gives out a limited number of elements, nested arrays included', () => {
  const bytes = Uint8Array.from([4, 4, 0, 0, 0, 0, 0, 0]);
  const limited = new Reader(bytes, 0, bytes.length, 5);
  assert.equal(limited.compactArrayLength('outer', 1), 3);
  assert.match(refusal(() => limited.compactArrayLength('inner', 1)).message, /more array elements/);
  const tags = new Reader(Uint8Array.from([2, 50, 0, 51, 0]), 0, 5, 20);
  assert.match(refusal(() => tags.unknownTags()).message, /more array elements/);
});

test('null is refused where a value is required, and lengths below it everywhere', () => {
  const none = [0xff, 0xff, 0xff, 0xff];
  const below = [0xff, 0xff, 0xff, 0xfe];
  assert.match(refusal(() => reader(...none).arrayLength('a', 1)).message, /^a: null/);
  assert.equal(reader(...none).nullableArrayLength('a', 1), -1);
  assert.match(refusal(() => reader(...below).nullableArrayLength('a', 1)).message, /^a: a length of -2/);
  assert.throws(() => reader(...none).byteString('b'), DecodeError);
  assert.equal(reader(...none).nullableByteString('b'), null);
  assert.throws(() => reader(...below).nullableByteString('b'), DecodeError);
  assert.throws(() => reader(0xff, 0xff).string('s'), DecodeError);
  assert.throws(() => reader(0xff, 0xfe).nullableString('s'), DecodeError);
  for (const method of ['compactString', 'compactByteString'] as const) {
    assert.throws(() => reader(0)[method]('c'), DecodeError);
  }
  assert.throws(() => reader(0).compactArrayLength('c', 1), DecodeError);
});

test('a varint of more than 32 bits is refused', () => {
  assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0x0f).uvarint('n'), 2 ** 32 - 1);
  assert.throws(() => reader(0xff, 0xff, 0xff, 0xff, 0x10).uvarint('n'), DecodeError);
  assert.throws(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x00).uvarint('n'), DecodeError);
});

test('a string longer than the protocol has is refused', () => {
  const bytes = written((writer) => writer.compactByteString(new Uint8Array(MAX_STRING_LENGTH + 1), 'b'));
  assert.match(refusal(() => bytes.compactString('s')).message, /more than 32767/);
});

test('bytes are views, not copies', () => {
  const bytes = Uint8Array.from([0, 0, 0, 2, 5, 6]);
  const view = new Reader(bytes).byteString('records');
  bytes[4] = 42;
  assert.deepEqual([...view], [42, 6]);
});
