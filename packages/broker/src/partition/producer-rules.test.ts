import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { checkMarker, checkSequenced, type Verification } from './producer-rules.ts';
import type { ProducerEntry, SequencedBatch } from './producer-state.ts';
import type { TransactionMarker } from './transaction-marker.ts';

function entry(changes: Partial<ProducerEntry> = {}): ProducerEntry {
  const batch = { firstSequence: 0, lastSequence: 4, baseOffset: 0, lastOffset: 4, timestamp: 0 };
  return {
    epoch: 3,
    batches: [batch],
    lastSeenMs: 0,
    lastTimestamp: 0,
    coordinatorEpoch: 5,
    transactionFirstOffset: 0,
    ...changes,
  };
}

function batch(baseSequence: number, changes: Partial<SequencedBatch> = {}): SequencedBatch {
  return {
    producerId: 7,
    producerEpoch: 3,
    baseSequence,
    lastOffsetDelta: 0,
    transactional: true,
    ...changes,
  };
}

function verdict(
  known: ProducerEntry | undefined,
  sent: SequencedBatch,
  verification?: Verification,
): string | number {
  const { kind, ...rest } = checkSequenced(known, sent, verification);
  return 'error' in rest ? rest.error : kind;
}

function markerError(
  known: ProducerEntry | undefined,
  changes: Partial<TransactionMarker>,
): number | undefined {
  const marker = {
    producerId: 7,
    producerEpoch: 3,
    coordinatorEpoch: 5,
    committed: true,
    transactionVersion: 1,
  };
  return checkMarker(known, { ...marker, ...changes })?.error;
}

test('a batch that belongs to no transaction is refused while one is open, of a newer epoch too', () => {
  assert.equal(verdict(entry(), batch(5, { transactional: false })), ErrorCode.INVALID_TXN_STATE);
  assert.equal(
    verdict(entry(), batch(0, { transactional: false, producerEpoch: 4 })),
    ErrorCode.INVALID_TXN_STATE,
  );
  assert.equal(verdict(entry({ transactionFirstOffset: -1 }), batch(5, { transactional: false })), 'next');
});

test('a marker begins the epoch: the first batch behind it has sequence 0', () => {
  const ended = entry({ epoch: 4, batches: [], transactionFirstOffset: -1 });
  assert.equal(verdict(ended, batch(5, { producerEpoch: 4 })), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(verdict(ended, batch(0, { producerEpoch: 4 })), 'next');
  assert.equal(verdict(ended, batch(5)), ErrorCode.INVALID_PRODUCER_EPOCH, 'of the transaction that ended');
});

test("a coordinator's batch has no sequence: its epoch alone counts", () => {
  assert.equal(verdict(entry(), batch(-1)), 'next');
  assert.equal(verdict(entry(), batch(-1, { producerEpoch: 2 })), ErrorCode.INVALID_PRODUCER_EPOCH);
});

test('of an unknown producer whose first batch was refused no later one is taken', () => {
  const first = { lowestSequence: 4, bumpsEpochs: false };
  assert.equal(verdict(undefined, batch(4), first), 'next');
  assert.equal(verdict(undefined, batch(5), first), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(verdict(undefined, batch(5)), 'next');
});

test('under transaction version 2 the first batch in a partition has sequence 0', () => {
  const verification = { lowestSequence: 4, bumpsEpochs: true };
  assert.equal(verdict(undefined, batch(4), verification), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(verdict(undefined, batch(0), { ...verification, lowestSequence: 0 }), 'next');
});

test('a batch that is repeated is answered as such, whatever was asked for meanwhile', () => {
  assert.equal(
    verdict(entry(), batch(0, { lastOffsetDelta: 4 }), { lowestSequence: 0, bumpsEpochs: true }),
    'duplicate',
  );
});

test('a marker of an older epoch is refused; one of version 2 has to be newer than the batches', () => {
  assert.equal(markerError(entry(), { producerEpoch: 2 }), ErrorCode.INVALID_PRODUCER_EPOCH);
  assert.equal(markerError(entry(), {}), undefined);
  assert.equal(markerError(entry(), { transactionVersion: 2 }), ErrorCode.INVALID_PRODUCER_EPOCH);
  assert.equal(markerError(entry(), { transactionVersion: 2, producerEpoch: 4 }), undefined);
});

test('a marker of version 2 may come again once its transaction has ended, and not when another is open', () => {
  const ended = entry({ epoch: 4, batches: [], transactionFirstOffset: -1 });
  const again = { transactionVersion: 2, producerEpoch: 4 };
  assert.equal(markerError(ended, again), undefined);
  assert.equal(markerError({ ...ended, transactionFirstOffset: 9 }, again), ErrorCode.INVALID_PRODUCER_EPOCH);
});

test('at the last epoch of a producer id a marker cannot be newer', () => {
  const last = { transactionVersion: 2, producerEpoch: 32_767 };
  assert.equal(markerError(entry({ epoch: 32_767 }), last), undefined);
});

test('a coordinator that was replaced cannot end a transaction; a marker for an unknown producer is taken', () => {
  assert.equal(markerError(entry(), { coordinatorEpoch: 4 }), ErrorCode.TRANSACTION_COORDINATOR_FENCED);
  assert.equal(markerError(entry(), { coordinatorEpoch: 6 }), undefined);
  assert.equal(markerError(undefined, { coordinatorEpoch: 0 }), undefined);
});
