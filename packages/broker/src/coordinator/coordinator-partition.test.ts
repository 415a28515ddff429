import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coordinatorPartition, javaHashCode } from './coordinator-partition.ts';

void test("hash codes are Java's", () => {
  // As printed by String.hashCode of OpenJDK.
  assert.equal(javaHashCode(''), 0);
  assert.equal(javaHashCode('a'), 97);
  assert.equal(javaHashCode('hello'), 99_162_322);
  assert.equal(javaHashCode('polygenelubricants'), -2_147_483_648);
  assert.equal(javaHashCode('그룹'), 1_427_969);
});

void test('every group has a partition, even one whose hash code has no positive counterpart', () => {
  assert.equal(coordinatorPartition('polygenelubricants', 50), 0);
  assert.equal(coordinatorPartition('hello', 50), 22);
  assert.equal(coordinatorPartition('', 50), 0);
});
