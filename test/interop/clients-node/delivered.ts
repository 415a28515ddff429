// What a member has handed out, to commit it when it leaves: for every partition that it still has, the offset behind the last.
import type { ReceivedRecord } from '../client.ts';
import { tell } from './agent-loop.ts';

export class Delivered {
  readonly #topic: string;
  readonly #next = new Map<number, number>();
  #assigned = new Set<number>();

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** Sets the partitions the member has now; what was delivered of others is no longer its to commit. */
  assign(partitions: readonly number[]): readonly number[] {
    this.#assigned = new Set(partitions);
    for (const partition of this.#next.keys())
      if (!this.#assigned.has(partition)) this.#next.delete(partition);
    return partitions;
  }

  deliver(record: ReceivedRecord): void {
    tell({ event: 'record', ...record });
    this.#next.set(record.partition, record.offset + 1);
  }

  next(): { topic: string; partition: number; offset: number }[] {
    return Array.from(this.#next, ([partition, offset]) => ({ topic: this.#topic, partition, offset }));
  }
}
