// What a member of a group has been given so far.
import type { ReceivedRecord } from './client.ts';

export class Received {
  /** In the order of delivery; repeats included. */
  readonly records: ReceivedRecord[] = [];
  readonly #positions = new Set<string>();

  add(record: ReceivedRecord): void {
    this.records.push(record);
    this.#positions.add(`${record.partition}:${record.offset}`);
  }

  /** How many different ones, by partition and offset. */
  get distinct(): number {
    return this.#positions.size;
  }
}
