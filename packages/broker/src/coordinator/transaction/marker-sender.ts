// Writes the markers of decided transactions to the leaders of their partitions (WriteTxnMarkers), again and again until each is durable.
//
//   send --> by leader --> queue of the broker --one request at a time--> durable ---------------------------> all are: written()
//              ^  |                                  |
//              |  | no leader                        | no answer, or an error
//              +--+--------- later, with back-off <--+
//
// While a request is under way the markers of other transactions for the same broker gather, and go with the next: a thousand transactions a second
// are a few requests.
//
// Must stay true:
//   - a marker counts as written only when the partition's leader says so, or when the metadata, which is durable, have the topic no longer. A
//     partition without a leader, a broker that cannot be reached, one that does not know the partition yet: none of these is an end (KAFKA-20734);
//   - there is no last attempt: who decided owes the markers until they are written or somebody else leads the transaction's coordinator;
//   - one transaction has one entry in a request: answers are told apart by producer id.
import assert from 'node:assert/strict';
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import type {
  WritableTxnMarker,
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';
import type { Clock, Random } from '@moldau/runtime';
import { DeadlineQueue } from '../deadline-queue.ts';
import { EarliestTimer } from '../earliest-timer.ts';
import type { Transaction } from './transaction.ts';

/** Partitions in one request, beyond which further transactions wait for the next. */
const MAX_PARTITIONS_PER_REQUEST = 10_000;
/** How long until a marker that was not written is tried again: doubled each time, up to the maximum, more or less a fifth. */
const RETRY_BACKOFF_MS = 20;
const RETRY_BACKOFF_MAX_MS = 1_000;
const RETRY_JITTER = 0.2;
/** Attempts after which a marker that still cannot be written is worth a line in the log; and every so many more. */
const ATTEMPTS_PER_WARNING = 30;

/** Who leads a partition. */
export type MarkerLeader =
  | { readonly kind: 'leader'; readonly brokerId: number }
  /** For now nobody. */
  | { readonly kind: 'none' }
  /** The topic is deleted, or never had the partition. */
  | { readonly kind: 'gone' };

export interface MarkerSenderOptions {
  readonly clock: Clock;
  readonly random: Random;
  leaderOf(topic: string, partition: number): MarkerLeader;
  /** Asks a broker, this one included. Rejects when there is no answer. */
  writeTxnMarkers(brokerId: number, request: WriteTxnMarkersRequest): Promise<WriteTxnMarkersResponse>;
  /** A marker is still not written after many attempts. */
  readonly onDelay: (delay: MarkerDelay) => void;
}

export interface MarkerDelay {
  readonly transactionalId: string;
  readonly topic: string;
  readonly partition: number;
  readonly attempts: number;
  /** What the last attempt failed with. */
  readonly reason: string;
}

export interface MarkersToSend {
  /** Whose they are; see `forget`. */
  readonly owner: object;
  /** As it was decided. */
  readonly transaction: Transaction;
  readonly coordinatorEpoch: number;
  /** Called once, when every marker is durable. */
  readonly written: () => void;
}

interface Job extends MarkersToSend {
  /** Partitions whose marker is not durable yet. */
  missing: number;
  forgotten: boolean;
}

/** Markers of one transaction that go the same way. */
interface Piece {
  readonly job: Job;
  readonly partitions: readonly TopicPartition[];
  readonly attempts: number;
}

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

interface BrokerQueue {
  waiting: Piece[];
  underWay: boolean;
}

export class MarkerSender {
  readonly #options: MarkerSenderOptions;
  readonly #jobs = new Map<object, Set<Job>>();
  readonly #queues = new Map<number, BrokerQueue>();
  readonly #later = new DeadlineQueue<Piece>();
  readonly #timer: EarliestTimer;
  #closed = false;

  constructor(options: MarkerSenderOptions) {
    this.#options = options;
    this.#timer = new EarliestTimer(options.clock, () => this.#retry());
  }

  /** Transactions whose markers are not all written. */
  get pending(): number {
    let pending = 0;
    for (const jobs of this.#jobs.values()) pending += jobs.size;
    return pending;
  }

  send(markers: MarkersToSend): void {
    if (this.#closed) return;
    const partitions: TopicPartition[] = [];
    for (const [topic, numbers] of markers.transaction.partitions)
      for (const partition of numbers) partitions.push({ topic, partition });
    const job: Job = { ...markers, missing: partitions.length, forgotten: false };
    const jobs = this.#jobs.get(job.owner);
    if (jobs === undefined) this.#jobs.set(job.owner, new Set([job]));
    else jobs.add(job);
    if (partitions.length === 0) this.#done(job);
    else this.#route({ job, partitions, attempts: 0 });
  }

  /** Gives up the markers of an owner, who is not their coordinator any longer. */
  forget(owner: object): void {
    for (const job of this.#jobs.get(owner) ?? []) job.forgotten = true;
    this.#jobs.delete(owner);
  }

  close(): void {
    this.#closed = true;
    for (const owner of this.#jobs.keys()) this.forget(owner);
    this.#timer.cancel();
  }

  /** Puts each marker into the queue of the broker that leads its partition now. */
  #route({ job, partitions, attempts }: Piece): void {
    const byBroker = new Map<number, TopicPartition[]>();
    const leaderless: TopicPartition[] = [];
    let gone = 0;
    for (const at of partitions) {
      const leader = this.#options.leaderOf(at.topic, at.partition);
      if (leader.kind === 'gone') gone++;
      else if (leader.kind === 'none') leaderless.push(at);
      else {
        const own = byBroker.get(leader.brokerId);
        if (own === undefined) byBroker.set(leader.brokerId, [at]);
        else own.push(at);
      }
    }
    if (leaderless.length > 0)
      this.#tryLater({ job, partitions: leaderless, attempts }, 'the partition has no leader');
    for (const [brokerId, own] of byBroker) {
      this.#queueOf(brokerId).waiting.push({ job, partitions: own, attempts });
      this.#flush(brokerId);
    }
    this.#written(job, gone);
  }

  #queueOf(brokerId: number): BrokerQueue {
    let queue = this.#queues.get(brokerId);
    if (queue === undefined) this.#queues.set(brokerId, (queue = { waiting: [], underWay: false }));
    return queue;
  }

  /** Sends what waits for the broker, unless a request is under way. */
  #flush(brokerId: number): void {
    const queue = this.#queueOf(brokerId);
    if (queue.underWay || this.#closed) return;
    const pieces = takePieces(queue);
    if (pieces.length === 0) {
      this.#queues.delete(brokerId);
      return;
    }
    queue.underWay = true;
    this.#options.writeTxnMarkers(brokerId, requestOf(pieces)).then(
      (response) => this.#answered(brokerId, queue, pieces, response),
      (error: unknown) => {
        for (const piece of pieces) this.#tryLater(piece, String(error));
        this.#next(brokerId, queue);
      },
    );
  }

  #next(brokerId: number, queue: BrokerQueue): void {
    queue.underWay = false;
    this.#flush(brokerId);
  }

  #answered(
    brokerId: number,
    queue: BrokerQueue,
    pieces: readonly Piece[],
    { markers }: WriteTxnMarkersResponse,
  ): void {
    const results = new Map(markers.map(({ producerId, topics }) => [producerId, topics]));
    for (const { job, partitions, attempts } of pieces) {
      const codes = new Map<string, Map<number, number>>();
      for (const topic of results.get(job.transaction.producerId) ?? [])
        codes.set(
          topic.name,
          new Map(topic.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode])),
        );
      const failed: TopicPartition[] = [];
      let reason = 'the answer does not tell of it';
      for (const at of partitions) {
        const code = codes.get(at.topic)?.get(at.partition);
        if (code !== undefined && isWritten(code)) continue;
        failed.push(at);
        if (code !== undefined) reason = errorName(code);
      }
      if (failed.length > 0) this.#tryLater({ job, partitions: failed, attempts }, reason);
      this.#written(job, partitions.length - failed.length);
    }
    this.#next(brokerId, queue);
  }

  #written(job: Job, partitions: number): void {
    if (partitions === 0) return;
    job.missing -= partitions;
    assert(job.missing >= 0, 'a marker counts once');
    if (job.missing === 0) this.#done(job);
  }

  #done(job: Job): void {
    if (job.forgotten) return;
    const jobs = this.#jobs.get(job.owner);
    jobs?.delete(job);
    if (jobs?.size === 0) this.#jobs.delete(job.owner);
    job.written();
  }

  #tryLater({ job, partitions, attempts: before }: Piece, reason: string): void {
    const [first] = partitions;
    if (job.forgotten || this.#closed || first === undefined) return;
    const { clock, random, onDelay } = this.#options;
    const attempts = before + 1;
    const { transactionalId } = job.transaction;
    if (attempts % ATTEMPTS_PER_WARNING === 0) onDelay({ transactionalId, ...first, attempts, reason });
    const delayMs = Math.min(RETRY_BACKOFF_MAX_MS, RETRY_BACKOFF_MS * 2 ** Math.min(before, 10));
    const jitter = 1 - RETRY_JITTER + (2 * RETRY_JITTER * random.integer(1_000)) / 1_000;
    this.#later.set({ job, partitions, attempts }, clock.monotonic() + Math.round(delayMs * jitter));
    this.#arm();
  }

  #arm(): void {
    this.#timer.setTo(this.#later.earliest()?.atMs ?? Infinity);
  }

  #retry(): void {
    const now = this.#options.clock.monotonic();
    for (;;) {
      const earliest = this.#later.earliest();
      if (earliest === undefined || earliest.atMs > now) break;
      this.#later.delete(earliest.key);
      if (!earliest.key.job.forgotten) this.#route(earliest.key);
    }
    this.#arm();
  }
}

/** INVALID_PRODUCER_EPOCH: the partition has heard of a later epoch of the producer, so that nothing of this transaction is open there. */
const isWritten = (code: number): boolean =>
  code === ErrorCode.NONE || code === ErrorCode.INVALID_PRODUCER_EPOCH;

/** What fits into one request; at least one piece. Of two transactions of one producer id, which a coordinator that was replaced may have left, the later waits. */
function takePieces(queue: BrokerQueue): Piece[] {
  const taken: Piece[] = [];
  const left: Piece[] = [];
  const jobs = new Map<number, Job>();
  let partitions = 0;
  for (const piece of queue.waiting) {
    if (piece.job.forgotten) continue;
    const { producerId } = piece.job.transaction;
    const fits = taken.length === 0 || partitions + piece.partitions.length <= MAX_PARTITIONS_PER_REQUEST;
    if (!fits || (jobs.get(producerId) ?? piece.job) !== piece.job) {
      left.push(piece);
      continue;
    }
    jobs.set(producerId, piece.job);
    partitions += piece.partitions.length;
    taken.push(piece);
  }
  queue.waiting = left;
  return taken;
}

function requestOf(pieces: readonly Piece[]): WriteTxnMarkersRequest {
  const markers = [...Map.groupBy(pieces, ({ job }) => job)].map(([job, own]): WritableTxnMarker => {
    const topics = Map.groupBy(
      own.flatMap(({ partitions }) => partitions),
      ({ topic }) => topic,
    );
    return {
      producerId: job.transaction.producerId,
      producerEpoch: job.transaction.producerEpoch,
      transactionResult: job.transaction.status === 'PrepareCommit',
      coordinatorEpoch: job.coordinatorEpoch,
      transactionVersion: job.transaction.clientTransactionVersion,
      topics: [...topics].map(([name, partitions]) => ({
        name,
        partitionIndexes: partitions.map(({ partition }) => partition),
      })),
    };
  });
  return { markers };
}
