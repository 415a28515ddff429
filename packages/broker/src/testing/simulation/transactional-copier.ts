// A process that copies source partitions exactly once, as Kafka's clients do it: it takes its transactional id over, finds how far the source is done,
// and then in each transaction writes some records and commits how far it has come with them. It aborts now and then, pauses, dies in the middle, and
// its successor begins while it still lives (a zombie). Some speak the protocol of clients before KIP-890 (they add partitions to their transactions
// themselves), some the newer one (the broker adds them, and each end raises the epoch).
//
//   InitProducerId --> OffsetFetch (stable) --> transaction --> transaction ... --> fenced, dead, or all is copied
//
// What it makes of an answer is only what a client may make of it; whether that is right is judged from what can be read (copy-history.ts).
import { ErrorCode, errorName } from '@moldau/protocol';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { Unanswered, type BrokerConnections } from './broker-connections.ts';
import { AUDIT, copyOf, valueOf, type CopyHistory, type Position } from './copy-history.ts';
import { CopierCalls, type Flavour, type Producer } from './copier-calls.ts';
import { between, violated, type SimulatedRun } from './world.ts';

/** How a transaction, or a request of one, ended: `fenced` ends the copier. */
type Step = 'done' | 'fenced' | 'failed';

/** Errors of a producer that another one, or the coordinator, has fenced. */
const FENCED: ReadonlySet<number> = new Set([
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  // The coordinator has ended the transaction: it took too long.
  ErrorCode.INVALID_TXN_STATE,
  ErrorCode.TRANSACTION_ABORTABLE,
]);

/** Errors after which the same request is sent again. */
const RETRIABLE: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
]);

const MAX_RECORDS = 4;
const MAX_DRAINING_RECORDS = 12;
const MAX_PAUSE_MS = 40;
/** A pause in which a successor may begin, and a transaction run out of time. */
const MAX_STALL_MS = 1500;
/** How often a request of a transaction is sent before the copier gives up and begins anew. */
const MAX_TRIES = 8;

export interface CopierOptions {
  readonly name: string;
  readonly transactionalId: string;
  readonly sources: readonly number[];
  /** Records in each source partition. */
  readonly records: number;
  readonly flavour: Flavour;
  /** Called when the end of a transaction is being sent. */
  readonly onEnd: () => void;
}

export class TransactionalCopier {
  readonly #world: SimulatedRun;
  readonly #history: CopyHistory;
  readonly #options: CopierOptions;
  readonly #calls: CopierCalls;
  readonly #random: SeededRandom;
  /** By source: the next record to copy. */
  readonly #positions = new Map<number, number>();
  /** By target partition: the next sequence. */
  readonly #sequences = new Map<string, number>();
  #producer: Producer | undefined;
  #prepared: Promise<Step> | undefined;
  /** It is to stop, in the middle of whatever it does. */
  dying = false;

  constructor(
    world: SimulatedRun,
    history: CopyHistory,
    options: CopierOptions,
    connections: BrokerConnections,
  ) {
    this.#world = world;
    this.#history = history;
    this.#options = options;
    this.#random = world.cluster.random.fork();
    this.#calls = new CopierCalls(connections, options.transactionalId, options.flavour);
  }

  get name(): string {
    return this.#options.name;
  }

  /** Takes its transactional id over, before there is anything to do: it waits for another to die. */
  prepare(): void {
    this.#prepared ??= this.#initialize().then(async (step) => {
      // It is connected to the group's coordinator when its hour comes.
      await this.#until('OffsetFetch', 1, async () => {
        await this.#calls.stableOffset(this.#options.sources[0] ?? 0);
        return ErrorCode.NONE;
      });
      return step;
    });
  }

  /** Copies until it is fenced, dies, or all is copied: true. */
  async run(): Promise<boolean> {
    this.prepare();
    if ((await this.#prepared) !== 'done') return false;
    if ((await this.#fetchPositions()) !== 'done') return false;
    while (!this.#ended) {
      const positions = this.#choose();
      if (positions.length === 0) return true;
      if ((await this.#transaction(positions)) !== 'done') return false;
      await this.#pause(1);
    }
    return false;
  }

  get #ended(): boolean {
    return this.dying || this.#world.over;
  }

  #initialize(): Promise<Step> {
    const timeoutMs = between(this.#random, 600, 3000);
    return this.#until('InitProducerId', Infinity, async () => {
      const { error, producer } = await this.#calls.initProducerId(timeoutMs);
      this.#producer = producer;
      return error;
    });
  }

  async #fetchPositions(): Promise<Step> {
    for (const source of this.#options.sources) {
      const step = await this.#until('OffsetFetch', Infinity, async () => {
        const before = this.#history.committedOffset(source);
        const { error, offset } = await this.#calls.stableOffset(source);
        if (error !== ErrorCode.NONE) return error;
        const position = Math.max(0, offset);
        for (const problem of this.#history.fetched(source, position, before)) violated(this.#world, problem);
        this.#positions.set(source, position);
        return error;
      });
      if (step !== 'done') return step;
    }
    return 'done';
  }

  /** Some of the next records of some of its sources. */
  #choose(): Position[] {
    const left = this.#options.sources.filter((source) => this.#next(source) < this.#options.records);
    const most = this.#world.draining ? MAX_DRAINING_RECORDS : MAX_RECORDS;
    const some = left.filter((_, i) => i === 0 || this.#random.chance(0.7));
    return some.flatMap((source) => {
      const first = this.#next(source);
      const count = Math.min(between(this.#random, 1, most), this.#options.records - first);
      return Array.from({ length: count }, (_, i) => ({ source, number: first + i }));
    });
  }

  async #transaction(positions: readonly Position[]): Promise<Step> {
    const attempt = this.#history.begin(this.name, positions);
    const step = await this.#fill(positions, attempt);
    if (step !== 'done') {
      // Whoever takes the id over ends the transaction, or the coordinator when its time is over.
      for (const problem of this.#history.aborted(attempt)) violated(this.#world, problem);
      if (step === 'fenced') this.#history.fencedAttempts += 1;
      return step;
    }
    const aborts = !this.#world.draining && this.#random.chance(0.2);
    return aborts ? this.#abort(attempt) : this.#commit(attempt, positions);
  }

  /** The records and the offsets, in whichever order. */
  async #fill(positions: readonly Position[], attempt: number): Promise<Step> {
    const batches = new Map<string, string[]>();
    for (const position of positions) {
      for (const partition of [copyOf(position.source), AUDIT])
        batches.set(partition, [...(batches.get(partition) ?? []), valueOf(position, attempt)]);
    }
    const writes = [...batches].map(
      ([partition, values]) =>
        () =>
          this.#write(partition, values),
    );
    const offsets = () => this.#commitOffsets(positions);
    const steps = this.#random.chance(0.5) ? [offsets, ...writes] : [...writes, offsets];
    if (this.#options.flavour === 'V1') {
      const partitions = [...batches.keys()];
      steps.unshift(() =>
        this.#until('AddPartitionsToTxn', MAX_TRIES, () =>
          this.#calls.addPartitions(this.#current, partitions),
        ),
      );
    }
    for (const step of steps) {
      const outcome = await step();
      if (outcome !== 'done') return outcome;
      await this.#pause(0.3);
      if (this.#ended) return 'failed';
    }
    return 'done';
  }

  async #write(partition: string, values: readonly string[]): Promise<Step> {
    const sequence = this.#sequences.get(partition) ?? 0;
    const step = await this.#until(`Produce to ${partition}`, MAX_TRIES, () =>
      this.#calls.produce(this.#current, partition, values, sequence),
    );
    if (step === 'done') this.#sequences.set(partition, sequence + values.length);
    return step;
  }

  async #commitOffsets(positions: readonly Position[]): Promise<Step> {
    if (this.#options.flavour === 'V1') {
      const added = await this.#until('AddOffsetsToTxn', MAX_TRIES, () =>
        this.#calls.addOffsets(this.#current),
      );
      if (added !== 'done') return added;
    }
    const offsets = new Map(positions.map(({ source, number }) => [source, number + 1]));
    return this.#until('TxnOffsetCommit', MAX_TRIES, () => this.#calls.commitOffsets(this.#current, offsets));
  }

  async #commit(attempt: number, positions: readonly Position[]): Promise<Step> {
    this.#history.committing(attempt);
    const step = await this.#end(true);
    if (step !== 'done') return step;
    for (const problem of this.#history.committed(attempt)) violated(this.#world, problem);
    for (const { source, number } of positions) this.#positions.set(source, number + 1);
    return step;
  }

  async #abort(attempt: number): Promise<Step> {
    for (const problem of this.#history.aborted(attempt)) violated(this.#world, problem);
    const step = await this.#end(false);
    return step === 'done' ? this.#fetchPositions() : step;
  }

  #end(committed: boolean): Promise<Step> {
    const before = this.#current;
    return this.#until('EndTxn', Infinity, async () => {
      this.#options.onEnd();
      const { error, producer } = await this.#calls.endTransaction(before, committed);
      if (error !== ErrorCode.NONE) return error;
      // Another epoch counts its sequences from 0.
      if (producer.epoch !== before.epoch || producer.id !== before.id) this.#sequences.clear();
      this.#producer = producer;
      return error;
    });
  }

  get #current(): Producer {
    if (this.#producer === undefined) throw new TypeError('it has a producer');
    return this.#producer;
  }

  #next(source: number): number {
    return this.#positions.get(source) ?? 0;
  }

  /** Sends a request until its answer tells what became of it. */
  async #until(what: string, tries: number, send: () => Promise<number>): Promise<Step> {
    for (let n = 0; n < tries || this.#world.draining; n++) {
      if (this.#ended) return 'failed';
      try {
        const error = await send();
        if (error === ErrorCode.NONE) return 'done';
        if (FENCED.has(error)) return 'fenced';
        if (!RETRIABLE.has(error)) {
          violated(this.#world, `${what} of ${this.name} was answered with ${errorName(error)}`);
          return 'failed';
        }
        this.#calls.lookAgain();
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        this.#calls.lookAgain();
      }
      await this.#world.cluster.sleep(between(this.#random, 5, 50));
    }
    return 'failed';
  }

  async #pause(likely: number): Promise<void> {
    if (this.#world.draining) return;
    if (this.#random.chance(likely)) await this.#world.cluster.sleep(this.#random.integer(MAX_PAUSE_MS));
    if (this.#random.chance(0.03)) await this.#world.cluster.sleep(this.#random.integer(MAX_STALL_MS));
  }
}
