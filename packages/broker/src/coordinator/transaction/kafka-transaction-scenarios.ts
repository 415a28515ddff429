// Tells the stories of transaction-scenarios.ts to a broker behind a socket and prints how they come out, in the form of the golden file:
//
//   node kafka-transaction-scenarios.ts HOST:PORT [part of a name]
//
// The broker needs topics `orders` and `payments` with 3 partitions, a `__transaction_state`, and SCENARIO_SETTINGS:
//   transaction.max.timeout.ms=60000 transaction.abort.timed.out.transaction.cleanup.interval.ms=100 unstable.api.versions.enable=true
import { setTimeout as sleep } from 'node:timers/promises';
import {
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
} from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import {
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import {
  describeTransactionsRequest,
  describeTransactionsResponse,
} from '@moldau/protocol/generated/describe-transactions.ts';
import { endTxnRequest, endTxnResponse } from '@moldau/protocol/generated/end-txn.ts';
import {
  initProducerIdRequest,
  initProducerIdResponse,
  newInitProducerIdRequest,
} from '@moldau/protocol/generated/init-producer-id.ts';
import {
  listTransactionsRequest,
  listTransactionsResponse,
} from '@moldau/protocol/generated/list-transactions.ts';
import { asksOf } from '../story-client.ts';
import { SCENARIOS } from './transaction-scenarios.ts';
import { TransactionTranscript } from './transaction-transcript.ts';
import type { AnyTransactionCoordinator, Producer } from './transaction-transcript.ts';

/** How long a real broker is given to write markers. */
const QUIET_MS = 300;

const [address = '127.0.0.1:9092', part = ''] = process.argv.slice(2);

const over = asksOf(address);

const coordinator: AnyTransactionCoordinator = {
  initProducerId: over(initProducerIdRequest, initProducerIdResponse),
  addPartitionsToTxn: over(addPartitionsToTxnRequest, addPartitionsToTxnResponse),
  addOffsetsToTxn: over(addOffsetsToTxnRequest, addOffsetsToTxnResponse),
  endTxn: over(endTxnRequest, endTxnResponse),
  describeTransactions: over(describeTransactionsRequest, describeTransactionsResponse),
  listTransactions: over(listTransactionsRequest, listTransactionsResponse),
};

async function raise(transactionalId: string, producer: Producer, epoch: number): Promise<void> {
  const request = newInitProducerIdRequest({ transactionalId, transactionTimeoutMs: 30_000 });
  for (let now = producer.epoch; now !== epoch;)
    now = (await coordinator.initProducerId(request, { apiVersion: 5 })).producerEpoch;
}

const run = Date.now();
const stories = await Promise.all(
  Object.entries(SCENARIOS)
    .filter(([name]) => name.includes(part))
    .map(async ([name, scenario], at) => {
      const stage = {
        coordinator,
        quiet: () => sleep(QUIET_MS),
        pass: (ms: number) => sleep(ms),
        raise,
        timeScale: 1,
      };
      const transcript = new TransactionTranscript(stage, `scenario-${run}-${at}`);
      try {
        await scenario(transcript);
      } catch (error) {
        return `## ${name}\n${transcript.read()}\n  ${String(error)}\n`;
      }
      return `## ${name}\n${transcript.read()}\n`;
    }),
);
process.stdout.write(stories.join('\n'), () => process.exit(0));
