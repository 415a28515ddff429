// Offsets that producers have committed as part of transactions which have not ended: nobody sees them yet.
//
//   TxnOffsetCommit --> pending, by producer --commit marker--> committed, unless a commit that lies behind it in the log is there already
//                              |         |
//                              |         +--abort marker------> gone
//                              +--deleted with its group or topic, or by OffsetDelete
//
// Must stay true:
//   - a producer has an entry from its first commit to its marker, even when all that it committed was deleted meanwhile: its transaction is open;
//   - a group is in `groups` of whoever has an offset of it pending.
import { UndoMap } from '../undo-log.ts';
import type { UndoLog } from '../undo-log.ts';
import type { TransactionalProducer } from '../coordinator-log.ts';
import { CommittedOffsets } from './committed-offsets.ts';
import type { CommittedOffset } from './committed-offsets.ts';

interface OpenTransaction {
  readonly producerEpoch: number;
  readonly offsets: CommittedOffsets;
}

export class TransactionalOffsets {
  readonly #undo: UndoLog;
  /** By producer id. */
  readonly #open: UndoMap<number, OpenTransaction>;
  /** By group: the producers that have offsets of it pending. */
  readonly #producers: UndoMap<string, UndoMap<number, true>>;

  constructor(undo: UndoLog) {
    this.#undo = undo;
    this.#open = new UndoMap(undo);
    this.#producers = new UndoMap(undo);
  }

  /** Whether the producer, in this epoch, has a transaction open here. */
  isOpen({ producerId, producerEpoch }: TransactionalProducer): boolean {
    return this.#open.get(producerId)?.producerEpoch === producerEpoch;
  }

  /** Whether any transaction has offsets of the group pending. */
  hasAny(groupId: string): boolean {
    return this.#producers.get(groupId) !== undefined;
  }

  /** Whether any transaction has an offset of the partition pending. */
  has(groupId: string, topic: string, partition: number): boolean {
    for (const producerId of this.#producers.get(groupId)?.keys() ?? []) {
      if (this.#open.get(producerId)?.offsets.get(groupId, topic, partition) !== undefined) return true;
    }
    return false;
  }

  set(
    { producerId, producerEpoch }: TransactionalProducer,
    groupId: string,
    topic: string,
    partition: number,
    offset: CommittedOffset,
  ): void {
    let open = this.#open.get(producerId);
    if (open?.producerEpoch !== producerEpoch) {
      // The transaction of an older epoch has ended before a newer one begins; should it not have, the next marker ends both.
      open = { producerEpoch, offsets: open?.offsets ?? new CommittedOffsets(this.#undo) };
      this.#open.set(producerId, open);
    }
    open.offsets.set(groupId, topic, partition, offset);
    let producers = this.#producers.get(groupId);
    if (producers === undefined) this.#producers.set(groupId, (producers = new UndoMap(this.#undo)));
    if (!producers.has(producerId)) producers.set(producerId, true);
  }

  /** Deletes what any transaction has pending for the partition. */
  delete(groupId: string, topic: string, partition: number): void {
    for (const producerId of this.#producers.get(groupId)?.keys() ?? []) {
      const offsets = this.#open.get(producerId)?.offsets;
      if (offsets?.get(groupId, topic, partition) === undefined) continue;
      offsets.delete(groupId, topic, partition);
      if (!offsets.hasAny(groupId)) this.#forget(groupId, producerId);
    }
  }

  /** The producer's transaction is over: takes out and returns what it had pending. */
  end(producerId: number): CommittedOffsets | undefined {
    const open = this.#open.get(producerId);
    if (open === undefined) return undefined;
    this.#open.delete(producerId);
    for (const groupId of open.offsets.groupIds()) this.#forget(groupId, producerId);
    return open.offsets;
  }

  /** The group's partitions with pending offsets; one that several transactions have comes several times. */
  *of(groupId: string): Generator<{ topic: string; partition: number; offset: CommittedOffset }> {
    for (const producerId of this.#producers.get(groupId)?.keys() ?? []) {
      for (const [topic, partitions] of this.#open.get(producerId)?.offsets.of(groupId) ?? []) {
        for (const [partition, offset] of partitions) yield { topic, partition, offset };
      }
    }
  }

  /** Groups that have pending offsets. */
  groupIds(): Iterable<string> {
    return this.#producers.keys();
  }

  #forget(groupId: string, producerId: number): void {
    const producers = this.#producers.get(groupId);
    producers?.delete(producerId);
    if (producers?.size === 0) this.#producers.delete(groupId);
  }
}
