// Tells the stories of transaction-scenarios.ts to a broker behind a socket and prints how they come out, in the form of the golden file:
//
//   node kafka-transaction-scenarios.ts HOST:PORT [part of a name]
//
// The broker needs topics `orders` and `payments` with 3 partitions, a `__transaction_state`, and SCENARIO_SETTINGS:
//   transaction.max.timeout.ms=60000 transaction.abort.timed.out.transaction.cleanup.interval.ms=100 unstable.api.versions.enable=true
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Codec } from '@moldau/protocol/codec.ts';
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
import { Reader } from '@moldau/protocol/reader.ts';
import { Writer } from '@moldau/protocol/writer.ts';
import type { RequestVersion } from './transaction-coordinator.ts';
import { SCENARIOS } from './transaction-scenarios.ts';
import { TransactionTranscript } from './transaction-transcript.ts';
import type { AnyTransactionCoordinator, Producer } from './transaction-transcript.ts';

/** How long a real broker is given to write markers. */
const QUIET_MS = 300;

const [address = '', part = ''] = process.argv.slice(2);
const [host = '127.0.0.1', port = '9092'] = address.split(':');

/** One connection for each request. */
const over =
  <Request, Response>(request: Codec<Request>, response: Codec<Response>) =>
  (message: Request, { apiVersion }: RequestVersion): Promise<Response> =>
    new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      const socket = connect(Number(port), host);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`${request.name} ${apiVersion}: the connection was closed`)));
      socket.on('data', (data: Buffer) => {
        received = Buffer.concat([received, data]);
        if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
        const reader = new Reader(received, 8);
        if (apiVersion >= response.flexibleFrom) reader.unknownTags();
        resolve(response.decode(reader, apiVersion));
        socket.destroy();
      });
      socket.write(frame(request, message, apiVersion));
    });

function frame<Request>(codec: Codec<Request>, message: Request, apiVersion: number): Uint8Array {
  const writer = new Writer();
  writer.int32(0, 'size');
  writer.int16(codec.apiKey, 'apiKey');
  writer.int16(apiVersion, 'apiVersion');
  writer.int32(1, 'correlationId');
  writer.nullableString('scenarios', 'clientId');
  if (apiVersion >= codec.flexibleFrom) writer.unknownTags(undefined);
  codec.encode(writer, message, apiVersion);
  writer.patchInt32(0, writer.length - 4);
  return writer.toBytes();
}

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
