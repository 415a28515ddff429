import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { SequencedBatch } from './producer-state.ts';
import {
  MAX_BATCHES_BEHIND_VERIFICATION,
  MAX_UNVERIFIED_PRODUCERS,
  TransactionVerifications,
  type Verified,
} from './transaction-verifications.ts';

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Verifications whose coordinator is the test, and which say what became of each batch. */
class Transcript {
  readonly said: string[] = [];
  /** Epochs of open transactions, by producer. */
  readonly open = new Map<number, number>();
  readonly verified = new Map<string, Verified>();
  leads = true;
  bumpsEpochs = true;
  readonly #answers: ((error: ErrorCode) => void)[] = [];
  readonly verifications = new TransactionVerifications(
    (batch) => this.open.get(batch.producerId) === batch.producerEpoch,
  );

  /** How often the end of the last transaction is waited for. */
  pauses = 0;
  readonly paused: (() => void)[] = [];

  get questions(): number {
    return this.#answers.length;
  }

  batch(name: string, baseSequence = 0, producerEpoch = 0, producerId = 7): void {
    const batch: SequencedBatch = {
      producerId,
      producerEpoch,
      baseSequence,
      lastOffsetDelta: 0,
      transactional: true,
    };
    const gate = {
      bumpsEpochs: this.bumpsEpochs,
      leads: () => this.leads,
      pause: () =>
        this.pauses-- > 0 ? new Promise<void>((resolve) => this.paused.push(resolve)) : undefined,
      ask: () => new Promise<ErrorCode>((resolve) => this.#answers.push(resolve)),
    };
    const settle = (error: ErrorCode, _message: string | null, verified: Verified): void => {
      this.verified.set(name, verified);
      this.said.push(error === ErrorCode.NONE ? name : `${name}: ${error}`);
    };
    this.verifications.verify({ batch, gate, settle }, 0);
  }

  async answer(error: ErrorCode = ErrorCode.NONE): Promise<string[]> {
    this.#answers.shift()!(error);
    await soon();
    return this.said.splice(0);
  }
}

test('the first batch asks, those behind it wait for the same answer, others do not wait', async () => {
  const transcript = new Transcript();
  transcript.batch('a', 0);
  transcript.batch('b', 1);
  transcript.batch('other', 0, 0, 8);
  assert.equal(transcript.questions, 2);
  assert.deepEqual(await transcript.answer(), ['a', 'b']);
  assert.deepEqual(await transcript.answer(), ['other']);
});

test('a batch that continues an open transaction asks nobody', () => {
  const transcript = new Transcript();
  transcript.open.set(7, 3);
  transcript.batch('a', 5, 3);
  assert.deepEqual(transcript.said, ['a']);
  assert.equal(transcript.questions, 0);
});

test('an error is the answer to all that wait, and the smallest refused sequence is remembered until a batch gets in', async () => {
  const transcript = new Transcript();
  transcript.batch('a', 4);
  transcript.batch('b', 5);
  assert.deepEqual(await transcript.answer(ErrorCode.NOT_ENOUGH_REPLICAS), ['a: 19', 'b: 19']);
  transcript.batch('b again', 5);
  assert.deepEqual(await transcript.answer(), ['b again']);
  assert.equal(transcript.verifications.of(7)?.lowestSequence, 4);
  transcript.verifications.appended(7);
  assert.equal(transcript.verifications.of(7), undefined);
});

test('a marker that comes in between voids the answer; what arrives behind the marker asks again', async () => {
  const transcript = new Transcript();
  transcript.bumpsEpochs = false;
  transcript.batch('late', 0);
  transcript.verifications.appended(7);
  transcript.batch('next', 0);
  assert.equal(transcript.questions, 1, 'in order: it waits behind the one before');
  assert.deepEqual(await transcript.answer(), [`late: ${ErrorCode.INVALID_TXN_STATE}`]);
  assert.deepEqual(await transcript.answer(), ['next']);
});

test('a marker between the answer and the append is seen by who asks then', async () => {
  const transcript = new Transcript();
  transcript.batch('a', 0);
  await transcript.answer();
  const verified = transcript.verified.get('a')!;
  assert.equal(verified(), true);
  transcript.verifications.appended(7);
  assert.equal(verified(), false);
  transcript.open.set(7, 0);
  assert.equal(verified(), true, 'the first batch was appended: this one continues its transaction');
});

test('an answer for one epoch says nothing about another', async () => {
  const transcript = new Transcript();
  transcript.batch('old', 3, 0);
  transcript.batch('new', 0, 1);
  assert.deepEqual(await transcript.answer(ErrorCode.INVALID_PRODUCER_EPOCH), ['old: 47']);
  assert.equal(transcript.questions, 1);
  assert.deepEqual(await transcript.answer(), ['new']);
  assert.equal(transcript.verifications.of(7)?.lowestSequence, 0);
});

test('when the leadership went away while the coordinator was asked, nothing is appended', async () => {
  const transcript = new Transcript();
  transcript.batch('a');
  transcript.leads = false;
  assert.deepEqual(await transcript.answer(), [`a: ${ErrorCode.NOT_LEADER_OR_FOLLOWER}`]);
});

test('only so many batches wait behind a question', () => {
  const transcript = new Transcript();
  for (let i = 0; i <= MAX_BATCHES_BEHIND_VERIFICATION + 1; i++) transcript.batch(`${i}`, i);
  assert.deepEqual(transcript.said, [
    `${MAX_BATCHES_BEHIND_VERIFICATION + 1}: ${ErrorCode.NOT_ENOUGH_REPLICAS}`,
  ]);
});

test('of producers whose batches were refused the oldest are forgotten first, and all in time', async () => {
  const transcript = new Transcript();
  for (let id = 0; id <= MAX_UNVERIFIED_PRODUCERS; id++) {
    transcript.batch('x', 0, 0, id);
    await transcript.answer(ErrorCode.NOT_ENOUGH_REPLICAS);
  }
  assert.equal(transcript.verifications.of(0), undefined);
  assert.notEqual(transcript.verifications.of(MAX_UNVERIFIED_PRODUCERS), undefined);
  transcript.verifications.expire(1);
  assert.equal(transcript.verifications.of(MAX_UNVERIFIED_PRODUCERS), undefined);
});

test('the end of the last transaction is waited for, its marker voids nothing, and all who wait are asked for again', async () => {
  const transcript = new Transcript();
  transcript.pauses = 2;
  transcript.batch('a', 0, 1);
  assert.deepEqual(await transcript.answer(ErrorCode.CONCURRENT_TRANSACTIONS), []);
  transcript.verifications.appended(7);
  transcript.batch('b', 1, 1);
  assert.equal(transcript.questions, 0, 'it waits behind the first');
  transcript.paused.shift()!();
  await soon();
  assert.equal(transcript.questions, 1);
  assert.deepEqual(await transcript.answer(), ['a', 'b']);
  assert.equal(transcript.verified.get('b')!(), true);
});

test('with version 2 it ended the last transaction: what was asked is asked again, in order', async () => {
  const transcript = new Transcript();
  transcript.batch('a', 0, 1);
  transcript.batch('b', 1, 1);
  transcript.verifications.appended(7);
  transcript.batch('c', 2, 1);
  assert.deepEqual(await transcript.answer(), []);
  assert.equal(transcript.questions, 1);
  assert.deepEqual(await transcript.answer(), ['a', 'b', 'c']);
  assert.equal(transcript.verified.get('a')!(), true);
});

test('a marker behind the second question voids its answer as ever', async () => {
  const transcript = new Transcript();
  transcript.bumpsEpochs = false;
  transcript.pauses = 1;
  transcript.batch('a', 0, 1);
  await transcript.answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  transcript.paused.shift()!();
  await soon();
  transcript.verifications.appended(7);
  assert.deepEqual(await transcript.answer(), [`a: ${ErrorCode.INVALID_TXN_STATE}`]);
});

test('an end that takes too long is told to the producer', async () => {
  const transcript = new Transcript();
  transcript.batch('a', 0, 1);
  assert.deepEqual(await transcript.answer(ErrorCode.CONCURRENT_TRANSACTIONS), [
    `a: ${ErrorCode.CONCURRENT_TRANSACTIONS}`,
  ]);
});

test('a marker stays seen by who was answered before it, whatever is asked later', async () => {
  const transcript = new Transcript();
  transcript.pauses = 1;
  transcript.batch('a', 0, 1);
  assert.deepEqual(await transcript.answer(), ['a'], 'it is being recompressed, say');
  transcript.batch('b', 1, 1);
  await transcript.answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  transcript.verifications.appended(7);
  transcript.paused.shift()!();
  await soon();
  assert.deepEqual(await transcript.answer(), ['b']);
  assert.deepEqual([transcript.verified.get('a')!(), transcript.verified.get('b')!()], [false, true]);
});

test('nor does a second question hide a later marker', async () => {
  const transcript = new Transcript();
  transcript.pauses = 1;
  transcript.batch('a', 0, 1);
  await transcript.answer();
  transcript.batch('b', 1, 1);
  await transcript.answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  transcript.paused.shift()!();
  await soon();
  await transcript.answer();
  assert.equal(transcript.verified.get('a')!(), true);
  transcript.verifications.appended(7);
  assert.deepEqual([transcript.verified.get('a')!(), transcript.verified.get('b')!()], [false, false]);
});

test('an answer whose producer was forgotten does not hold: its marker would not be seen', async () => {
  const transcript = new Transcript();
  for (let id = 0; id <= MAX_UNVERIFIED_PRODUCERS; id++) {
    transcript.batch(`${id}`, 0, 0, id);
    await transcript.answer();
  }
  transcript.verifications.appended(0);
  assert.equal(transcript.verified.get('0')!(), false);
  assert.equal(transcript.verified.get('1')!(), true);
  transcript.verifications.expire(1);
  transcript.verifications.appended(1);
  assert.equal(transcript.verified.get('1')!(), false);
});
