import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncodeError } from './protocol-error.ts';
import { Reader } from './reader.ts';
import { SPLICE_FROM, Writer } from './writer.ts';

test('large bytes are passed on by reference, between chunks of what was written', () => {
  const records = new Uint8Array(SPLICE_FROM).fill(7);
  const writer = new Writer();
  writer.int16(1, 'a');
  writer.byteString(records, 'records');
  writer.int16(2, 'b');
  assert.equal(writer.length, 2 + 4 + SPLICE_FROM + 2);
  const chunks = writer.finish();
  assert.equal(chunks.length, 3);
  assert.equal(chunks[1], records);
  assert.deepEqual([...chunks[0]!], [0, 1, 0, 0, 4, 0]);
  assert.deepEqual([...chunks[2]!], [0, 2]);
});

test('small bytes are copied', () => {
  const writer = new Writer(1);
  writer.byteString(new Uint8Array(SPLICE_FROM - 1), 'records');
  assert.equal(writer.finish().length, 1);
});

test('the output in one piece is that of the chunks', () => {
  const write = (writer: Writer): Writer => {
    for (let i = 0; i < 5; i++) writer.byteString(new Uint8Array(SPLICE_FROM * (i % 2) + 3).fill(i), 'b');
    return writer;
  };
  assert.deepEqual(Buffer.from(write(new Writer(1)).toBytes()), Buffer.concat(write(new Writer()).finish()));
  assert.equal(new Writer().toBytes().length, 0);
});

test('a size can be put in afterwards, in whichever chunk it is', () => {
  const writer = new Writer(4);
  writer.int32(0, 'size');
  writer.byteString(new Uint8Array(SPLICE_FROM), 'records');
  writer.int32(0, 'late');
  const late = writer.length - 4;
  writer.patchInt32(0, writer.length - 4);
  writer.patchInt32(late, -2);
  const reader = new Reader(writer.toBytes());
  assert.equal(reader.int32('size'), reader.remaining);
  reader.byteString('records');
  assert.equal(reader.int32('late'), -2);
});

test('a tagged field gets its size in front, however long the size is', () => {
  for (const length of [0, 1, 126, 127, 128, 5000, 20_000]) {
    const writer = new Writer(1);
    writer.int8(9, 'before');
    const tag = writer.beginTag(3);
    const inner = writer.beginTag(1);
    writer.compactByteString(new Uint8Array(length).fill(8), 'content');
    writer.endTag(inner);
    writer.endTag(tag);
    writer.int8(9, 'after');
    const reader = new Reader(writer.toBytes());
    assert.equal(reader.int8('before'), 9);
    assert.equal(reader.uvarint('tag'), 3);
    const end = reader.tagEnd('tag');
    assert.equal(reader.uvarint('tag'), 1);
    const innerEnd = reader.tagEnd('tag');
    assert.deepEqual(Buffer.from(reader.compactByteString('content')), Buffer.alloc(length, 8));
    reader.expectTagEnd(innerEnd, 'inner');
    reader.expectTagEnd(end, 'outer');
    assert.equal(reader.int8('after'), 9);
    reader.expectEnd();
  }
});

test('unknown tagged fields are written in ascending order', () => {
  const writer = new Writer();
  writer.unknownTags([
    { tag: 9, bytes: Uint8Array.of(1) },
    { tag: 4, bytes: Uint8Array.of(2) },
  ]);
  assert.deepEqual([...writer.toBytes()], [2, 4, 1, 2, 9, 1, 1]);
});

test('a value that does not fit its type is refused by name', () => {
  const writer = new Writer();
  const refused: [() => void, RegExp][] = [
    [() => writer.int8(128, 'f'), /^f: 128 is no int8/],
    [() => writer.int16(1.5, 'f'), /is no int16/],
    [() => writer.uint16(-1, 'f'), /is no uint16/],
    [() => writer.int32(2 ** 31, 'f'), /is no int32/],
    [() => writer.int32(Number.NaN, 'f'), /is no int32/],
    [() => writer.uint32(-1, 'f'), /is no uint32/],
    [() => writer.int64(2 ** 53, 'f'), /is no safe integer/],
    [() => writer.bits64(2n ** 63n, 'f'), /is no bigint of 64 bits/],
    [() => writer.uuid(new Uint8Array(15), 'f'), /a uuid of 15 bytes/],
    [() => writer.string(null, 'f'), /^f: null/],
    [() => writer.string('x'.repeat(32_768), 'f'), /a string of 32768 bytes/],
    [() => writer.compactString('안'.repeat(11_000), 'f'), /a string of 33000 bytes/],
    [() => writer.byteString(null, 'f'), /^f: null/],
    [() => writer.compactArrayLength(null, 'f'), /^f: null/],
  ];
  for (const [write, message] of refused) {
    assert.throws(write, (error) => error instanceof EncodeError && message.test(error.message));
  }
});
