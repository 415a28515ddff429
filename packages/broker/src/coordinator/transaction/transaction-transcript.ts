// What happens to transactional ids, written down line by line, so that a test is a story that can be read:
//
//   a inits                                  what is sent, by whom
//     a is P1/0                              what is answered: the first producer id of the story, epoch 0
//   3000 ms
//
// Producers go by names; what the coordinator gave them is kept here. The coordinator is whatever answers requests: the one under test, or a real
// Kafka behind a socket, which must tell the same story.
import { newAddOffsetsToTxnRequest } from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import { newAddPartitionsToTxnRequest } from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import { newDescribeTransactionsRequest } from '@moldau/protocol/generated/describe-transactions.ts';
import { newEndTxnRequest } from '@moldau/protocol/generated/end-txn.ts';
import { errorName } from '@moldau/protocol/generated/errors.ts';
import { newInitProducerIdRequest } from '@moldau/protocol/generated/init-producer-id.ts';
import { newListTransactionsRequest } from '@moldau/protocol/generated/list-transactions.ts';
import type { RequestVersion, TransactionCoordinator } from './transaction-coordinator.ts';

type Requests = Pick<
  TransactionCoordinator,
  'initProducerId' | 'addPartitionsToTxn' | 'addOffsetsToTxn' | 'endTxn'
>;
type Admin = Pick<TransactionCoordinator, 'describeTransactions' | 'listTransactions'>;

/** Whatever answers the requests of transactions. */
export type AnyTransactionCoordinator = Requests & {
  [Name in keyof Admin]: (
    request: Parameters<Admin[Name]>[0],
    version: RequestVersion,
  ) => ReturnType<Admin[Name]>;
};

/** The world in which the story happens. */
export interface TransactionStage {
  readonly coordinator: AnyTransactionCoordinator;
  /** Lets everything happen that happens without time passing: markers are written too. */
  quiet(): Promise<void>;
  pass(ms: number): Promise<void>;
  /** Has the producer's epoch raised, by as many InitProducerId as it takes or by what comes to the same. */
  raise(transactionalId: string, producer: Producer, epoch: number): Promise<void>;
  /** How much slower than told the story happens: a real process needs time to answer. */
  readonly timeScale: number;
}

/** What the coordinator has given. */
export interface Producer {
  readonly id: number;
  readonly epoch: number;
}

export interface InitOptions {
  readonly version?: number;
  readonly timeout?: number;
  /** The producer goes on after an error: with what it has, or with this. */
  readonly expected?: 'own' | Producer;
  readonly twoPhase?: boolean;
  readonly keepPrepared?: boolean;
  /** Instead of the story's. */
  readonly transactionalId?: string | null;
}

export interface ProducerOptions {
  readonly version?: number;
  /** Added to the epoch that the producer has. */
  readonly epoch?: number;
  /** Instead of the producer id that it has. */
  readonly producerId?: number;
  readonly transactionalId?: string;
}

export class TransactionTranscript {
  readonly transactionalId: string;
  readonly #stage: TransactionStage;
  readonly #lines: string[] = [];
  readonly #producers = new Map<string, Producer>();
  /** Producer ids in the order in which they appear. */
  readonly #ids: number[] = [];

  constructor(stage: TransactionStage, transactionalId = 'x') {
    this.#stage = stage;
    this.transactionalId = transactionalId;
  }

  /** The story so far; the next call begins a new chapter. */
  read(): string {
    return this.#lines.splice(0).join('\n');
  }

  producer(name: string): Producer {
    return this.#producers.get(name) ?? { id: -1, epoch: -1 };
  }

  async pass(ms: number): Promise<void> {
    this.#lines.push(`${ms} ms`);
    await this.#stage.pass(ms * this.#stage.timeScale);
  }

  /** Both names stand for the same producer. */
  copy(name: string, as: string): void {
    this.#producers.set(as, this.producer(name));
  }

  async init(name: string, options: InitOptions = {}): Promise<void> {
    const { version = 5, timeout = 30_000, expected } = options;
    const own = expected === 'own' ? this.producer(name) : expected;
    const request = newInitProducerIdRequest({
      transactionalId: options.transactionalId === undefined ? this.transactionalId : options.transactionalId,
      transactionTimeoutMs: timeout > 0 && timeout < 10_000 ? timeout * this.#stage.timeScale : timeout,
      ...(version >= 3 ? { producerId: own?.id ?? -1, producerEpoch: own?.epoch ?? -1 } : {}),
      ...(version >= 6
        ? { enable2Pc: options.twoPhase ?? false, keepPreparedTxn: options.keepPrepared ?? false }
        : {}),
    });
    const answer = await this.#tell(
      `${name} inits${own === undefined ? '' : ' again'}${wording(options, ['expected'])}`,
      this.#stage.coordinator.initProducerId(request, { apiVersion: version }),
    );
    if (answer.errorCode === 0)
      this.#producers.set(name, { id: answer.producerId, epoch: answer.producerEpoch });
    this.#answer(`${errorName(answer.errorCode)} ${this.#who(answer.producerId, answer.producerEpoch)}`);
  }

  /** Inits again and again, until the epoch is this one. */
  async raise(name: string, epoch: number): Promise<void> {
    this.#lines.push(`${name} inits until its epoch is ${epoch}`);
    const producer = this.producer(name);
    await this.#stage.raise(this.transactionalId, producer, epoch);
    this.#producers.set(name, { ...producer, epoch });
  }

  /** @param partitions `topic-0` each */
  async add(name: string, partitions: readonly string[], options: ProducerOptions = {}): Promise<void> {
    const version = options.version ?? 3;
    const { transactionalId, producerId, producerEpoch } = this.#fields(name, options);
    const topics = topicsOf(partitions);
    const request = newAddPartitionsToTxnRequest(
      version < 4
        ? {
            v3AndBelowTransactionalId: transactionalId,
            v3AndBelowProducerId: producerId,
            v3AndBelowProducerEpoch: producerEpoch,
            v3AndBelowTopics: topics,
          }
        : { transactions: [{ transactionalId, producerId, producerEpoch, verifyOnly: false, topics }] },
    );
    await this.#addOrVerify(`${name} adds ${partitions.join(' ')}${wording(options)}`, request, version);
  }

  /** As a broker asks before it takes a batch. */
  async verify(name: string, partitions: readonly string[], options: ProducerOptions = {}): Promise<void> {
    const request = newAddPartitionsToTxnRequest({
      transactions: [{ ...this.#fields(name, options), verifyOnly: true, topics: topicsOf(partitions) }],
    });
    const what = `${name}'s ${partitions.join(' ')} verified${wording(options)}`;
    await this.#addOrVerify(what, request, options.version ?? 5);
  }

  async addOffsets(name: string, options: ProducerOptions = {}): Promise<void> {
    const request = newAddOffsetsToTxnRequest({ ...this.#fields(name, options), groupId: 'g' });
    const answer = await this.#tell(
      `${name} adds offsets${wording(options)}`,
      this.#stage.coordinator.addOffsetsToTxn(request, { apiVersion: options.version ?? 4 }),
    );
    this.#answer(errorName(answer.errorCode));
  }

  commit(name: string, options: ProducerOptions = {}): Promise<void> {
    return this.#end(name, true, options);
  }

  abort(name: string, options: ProducerOptions = {}): Promise<void> {
    return this.#end(name, false, options);
  }

  async describe(transactionalId = this.transactionalId): Promise<void> {
    const answer = await this.#tell(
      'describe',
      this.#stage.coordinator.describeTransactions(
        newDescribeTransactionsRequest({ transactionalIds: [transactionalId] }),
        { apiVersion: 0 },
      ),
    );
    for (const state of answer.transactionStates) {
      const partitions = state.topics
        .flatMap(({ topic, partitions: numbers }) =>
          topic.startsWith('__') ? [topic] : numbers.map((number) => `${topic}-${number}`),
        )
        .toSorted();
      const open = state.transactionStartTimeMs > 0 ? ' begun' : ` ${state.transactionStartTimeMs}`;
      this.#answer(
        `${errorName(state.errorCode)} ${state.transactionState} ${this.#who(state.producerId, state.producerEpoch)} ${open} ${partitions.join(' ')}`,
      );
    }
  }

  /** Whether the story's id is among those that are listed. */
  async list(
    filters: {
      readonly states?: string[];
      readonly producers?: string[];
      readonly duration?: number;
      readonly pattern?: string | null;
    } = {},
  ): Promise<void> {
    const request = newListTransactionsRequest({
      stateFilters: filters.states ?? [],
      producerIdFilters: (filters.producers ?? []).map((name) => this.producer(name).id),
      durationFilter: filters.duration ?? -1,
      transactionalIdPattern: filters.pattern?.replaceAll('ID', this.transactionalId) ?? null,
    });
    const answer = await this.#tell(
      `list${wording(filters)}`,
      this.#stage.coordinator.listTransactions(request, { apiVersion: 2 }),
    );
    const own = answer.transactionStates
      .filter(({ transactionalId }) => transactionalId === this.transactionalId)
      .map(({ producerId, transactionState }) => `${this.#who(producerId)} ${transactionState}`);
    const unknown = answer.unknownStateFilters.map((name) => `unknown ${name}`);
    this.#answer([errorName(answer.errorCode), ...own, ...unknown].join(' '));
  }

  async #end(name: string, committed: boolean, options: ProducerOptions): Promise<void> {
    const version = options.version ?? 5;
    const request = newEndTxnRequest({ ...this.#fields(name, options), committed });
    const answer = await this.#tell(
      `${name} ${committed ? 'commits' : 'aborts'}${wording(options)}`,
      this.#stage.coordinator.endTxn(request, { apiVersion: version }),
    );
    if (version >= 5 && answer.errorCode === 0)
      this.#producers.set(name, { id: answer.producerId, epoch: answer.producerEpoch });
    const next = version >= 5 ? ` ${this.#who(answer.producerId, answer.producerEpoch)}` : '';
    this.#answer(`${errorName(answer.errorCode)}${next}`);
  }

  async #addOrVerify(
    what: string,
    request: ReturnType<typeof newAddPartitionsToTxnRequest>,
    version: number,
  ): Promise<void> {
    const answer = await this.#tell(
      what,
      this.#stage.coordinator.addPartitionsToTxn(request, { apiVersion: version }),
    );
    const topics = [
      ...answer.resultsByTopicV3AndBelow,
      ...answer.resultsByTransaction.flatMap(({ topicResults }) => topicResults),
    ];
    const results = topics.flatMap(({ name, resultsByPartition }) =>
      resultsByPartition.map(
        ({ partitionIndex, partitionErrorCode }) =>
          `${name}-${partitionIndex} ${errorName(partitionErrorCode)}`,
      ),
    );
    const whole = answer.errorCode === 0 ? [] : [errorName(answer.errorCode)];
    this.#answer([...whole, ...results.toSorted()].join(', '));
  }

  #fields(name: string, options: ProducerOptions) {
    const { id, epoch } = this.producer(name);
    return {
      transactionalId: options.transactionalId ?? this.transactionalId,
      producerId: options.producerId ?? id,
      producerEpoch: epoch + (options.epoch ?? 0),
    };
  }

  #who(id: number, epoch?: number): string {
    if (id === -1) return epoch === undefined || epoch === -1 ? '-' : `-/${epoch}`;
    if (!this.#ids.includes(id)) this.#ids.push(id);
    return `P${this.#ids.indexOf(id) + 1}${epoch === undefined ? '' : `/${epoch}`}`;
  }

  #answer(text: string): void {
    this.#lines.push(`  ${text.trim().replaceAll(/ +/g, ' ')}`);
  }

  async #tell<Response>(what: string, response: Promise<Response>): Promise<Response> {
    this.#lines.push(what);
    const answers: unknown[] = [];
    const mark = (): void => {
      answers.push(undefined);
    };
    response.then(mark, mark);
    do await this.#stage.quiet();
    while (answers.length === 0);
    return response;
  }
}

/** What is not as usual. */
function wording(options: object, leaveOut: readonly string[] = []): string {
  const told = Object.entries(options)
    .filter(([key]) => !leaveOut.includes(key))
    .map(([key, value]) => `${key} ${String(value)}`);
  return told.length === 0 ? '' : ` (${told.join(', ')})`;
}

function topicsOf(partitions: readonly string[]): { name: string; partitions: number[] }[] {
  const pairs = partitions.map((partition) => {
    const dash = partition.lastIndexOf('-');
    return { name: partition.slice(0, dash), number: Number(partition.slice(dash + 1)) };
  });
  return [...Map.groupBy(pairs, ({ name }) => name)].map(([name, own]) => ({
    name,
    partitions: own.map(({ number }) => number),
  }));
}
