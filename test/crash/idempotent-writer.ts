// An idempotent producer for one partition that keeps five batches in flight and, when the connection breaks, sends all that were not
// acknowledged again, the same bytes in the same order (KIP-98): what a good client library does.
import {
  newInitProducerIdRequest,
  initProducerIdRequest,
  initProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import {
  newPartitionProduceData,
  newProduceRequest,
  newTopicProduceData,
  produceRequest,
  produceResponse,
  type PartitionProduceResponse,
} from '@moldau/protocol/generated/produce.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import { recordValue, type CrashRun } from './crash-run.ts';
import type { WireClient } from './wire-client.ts';

const IN_FLIGHT = 5;
/** The last version that names topics. */
const PRODUCE_VERSION = 12;

interface Batch {
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

export class IdempotentWriter {
  readonly #run: CrashRun;
  readonly #partition: number;
  readonly #nextSize: () => number;
  #producerId = -1;
  #unacknowledged: Batch[] = [];

  /** @param nextSize how many records the next batch has */
  constructor(run: CrashRun, partition: number, nextSize: () => number) {
    this.#run = run;
    this.#partition = partition;
    this.#nextSize = nextSize;
  }

  /** Writes over `client` until `more` says no and all is acknowledged; rejects when the connection breaks, after which it may be called again. */
  async write(client: WireClient, more: () => boolean): Promise<void> {
    if (this.#producerId < 0) await this.#begin(client);
    const answers: { batch: Batch; answer: Promise<PartitionProduceResponse> }[] = [];
    const send = (batch: Batch): void => {
      const answer = this.#send(client, batch);
      // Awaited below, in order; one behind a failed one must not count as unhandled.
      answer.catch(() => {});
      answers.push({ batch, answer });
    };
    for (const batch of this.#unacknowledged) send(batch);
    while (answers.length > 0 || more()) {
      while (answers.length < IN_FLIGHT && more()) {
        const batch = this.#newBatch();
        this.#unacknowledged.push(batch);
        send(batch);
      }
      const first = answers.shift();
      if (first === undefined) continue;
      this.#acknowledged(first.batch, await first.answer);
    }
  }

  async #begin(client: WireClient): Promise<void> {
    const answer = await client.request(
      initProducerIdRequest,
      initProducerIdResponse,
      newInitProducerIdRequest({ transactionalId: null }),
    );
    if (answer.errorCode !== ErrorCode.NONE)
      throw new Error(`no producer id: ${errorName(answer.errorCode)}`);
    this.#producerId = answer.producerId;
  }

  #newBatch(): Batch {
    const first = this.#run.sent[this.#partition] as number;
    const count = this.#nextSize();
    const records = Array.from({ length: count }, (_, i) => ({
      timestamp: Date.now(),
      key: null,
      value: recordValue(this.#partition, first + i),
    }));
    const bytes = buildBatch({
      records,
      producerId: this.#producerId,
      producerEpoch: 0,
      baseSequence: first,
    });
    this.#run.sent[this.#partition] = first + count;
    return { first, count, bytes };
  }

  async #send(client: WireClient, batch: Batch): Promise<PartitionProduceResponse> {
    const data = newPartitionProduceData({ index: this.#partition, records: Uint8Array.from(batch.bytes) });
    const topicData = [newTopicProduceData({ name: this.#run.topic, partitionData: [data] })];
    const request = newProduceRequest({ acks: -1, timeoutMs: 30_000, topicData });
    const response = await client.request(produceRequest, produceResponse, request, PRODUCE_VERSION);
    const answer = response.responses[0]?.partitionResponses[0];
    if (answer === undefined) throw new Error('a produce answer names no partition');
    return answer;
  }

  #acknowledged(batch: Batch, answer: PartitionProduceResponse): void {
    if (answer.errorCode !== ErrorCode.NONE) {
      const what = `${errorName(answer.errorCode)} ${answer.errorMessage ?? ''}`;
      this.#run.violations.push(
        `partition ${this.#partition}: records from ${batch.first} on were refused: ${what}`,
      );
      throw new Error(what);
    }
    const offsets = this.#run.acknowledged[this.#partition] as number[];
    for (let i = 0; i < batch.count; i++) offsets[batch.first + i] = answer.baseOffset + i;
    this.#unacknowledged = this.#unacknowledged.filter((other) => other !== batch);
  }
}
