import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '@moldau/protocol';
import { readTransactionRecord, transactionRecord, transactionTombstone } from './transaction-records.ts';
import { TRANSACTION_STATUSES } from './transaction-status.ts';
import type { Transaction } from './transaction.ts';

const anyTransaction: fc.Arbitrary<Transaction> = fc
  .record(
    {
      transactionalId: fc.string({ minLength: 1 }),
      producerId: fc.nat(),
      previousProducerId: fc.integer({ min: -1 }),
      nextProducerId: fc.integer({ min: -1 }),
      producerEpoch: fc.integer({ min: 0, max: 32_767 }),
      lastProducerEpoch: fc.constant(-1),
      timeoutMs: fc.nat(),
      status: fc.constantFrom(...TRANSACTION_STATUSES),
      partitions: fc
        .array(fc.tuple(fc.string({ minLength: 1 }), fc.uniqueArray(fc.nat({ max: 50 }), { minLength: 1 })))
        .map((topics) => new Map(topics.map(([topic, numbers]) => [topic, new Set(numbers)]))),
      startMs: fc.integer({ min: -1 }),
      lastUpdateMs: fc.nat(),
      clientTransactionVersion: fc.constantFrom(0, 1, 2),
      deadlineMs: fc.constant(undefined),
    },
    { noNullPrototype: true },
  )
  .map((transaction) =>
    transaction.status === 'Empty' ? { ...transaction, partitions: new Map() } : transaction,
  );

void test('a record says all that is stored', () => {
  fc.assert(
    fc.property(anyTransaction, (transaction) => {
      const read = readTransactionRecord(transactionRecord(transaction, 2));
      assert.deepEqual(read, {
        kind: 'transaction',
        transactionalId: transaction.transactionalId,
        transaction,
      });
    }),
  );
});

void test('under transaction.version 0 the record is that of Kafka before KIP-890, and says what it can', () => {
  fc.assert(
    fc.property(anyTransaction, (transaction) => {
      const record = transactionRecord(transaction, 0);
      assert.deepEqual([...(record.value ?? [])].slice(0, 2), [0, 0]);
      const read = readTransactionRecord(record);
      assert.deepEqual(read.kind === 'transaction' && read.transaction, {
        ...transaction,
        previousProducerId: -1,
        nextProducerId: -1,
        clientTransactionVersion: 0,
      });
    }),
  );
});

void test("bytes are Kafka's", () => {
  // As Kafka 4.3.1 writes it: tagged fields that have their default are left out.
  const transaction: Transaction = {
    transactionalId: 'x',
    producerId: 5,
    previousProducerId: 5,
    nextProducerId: -1,
    producerEpoch: 3,
    lastProducerEpoch: -1,
    timeoutMs: 60_000,
    status: 'Ongoing',
    partitions: new Map([['orders', new Set([1, 2])]]),
    startMs: 7,
    lastUpdateMs: 9,
    clientTransactionVersion: 2,
    deadlineMs: undefined,
  };
  const { key, value } = transactionRecord(transaction, 2);
  assert.equal(Buffer.from(key).toString('hex'), '0000000178');
  assert.equal(
    Buffer.from(value ?? []).toString('hex'),
    '0001' + // version
      '0000000000000005' + // producer id
      '0003' + // epoch
      '0000ea60' + // time-out
      '01' + // Ongoing
      '02' + // one topic
      '07' +
      Buffer.from('orders').toString('hex') +
      '03' +
      '00000001' +
      '00000002' +
      '00' +
      '0000000000000009' + // last update
      '0000000000000007' + // begin
      '02' + // two tagged fields
      '00' +
      '08' +
      '0000000000000005' + // previous producer id
      '02' +
      '02' +
      '0002', // client transaction version
  );
});

void test('a null value forgets the id; a key that is not known is left alone', () => {
  assert.deepEqual(readTransactionRecord(transactionTombstone('x')), {
    kind: 'transaction',
    transactionalId: 'x',
    transaction: undefined,
  });
  assert.deepEqual(readTransactionRecord({ key: Uint8Array.of(0, 9, 1), value: null }), {
    kind: 'other',
    version: 9,
  });
});

void test('any bytes are a record or a DecodeError', () => {
  fc.assert(
    fc.property(
      anyTransaction,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }))),
      fc.nat(),
      (transaction, flips, cut) => {
        const { key, value } = transactionRecord(transaction, 2);
        const bytes = Uint8Array.from(value ?? []).subarray(0, cut % 2 === 0 ? undefined : cut % 40);
        for (const [at, byte] of flips) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        try {
          readTransactionRecord({ key, value: bytes });
        } catch (error) {
          assert(error instanceof DecodeError, String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});
