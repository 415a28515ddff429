// Counts the groups that have committed offsets in an adopted `__consumer_offsets`: for the summary, so that a user sees at once that they are there.
import type { Disk } from '@moldau/runtime';
import { DecodeError, Reader } from '@moldau/protocol';
import { CompressionError } from '@moldau/protocol/compression/codec.ts';
import { offsetCommitKey } from '@moldau/protocol/generated/records/offset-commit.ts';
import { batchIsControl } from '@moldau/protocol/records/batch-header.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import { scanBatches } from '../log/batch-scan.ts';
import { parseOffsetName } from '../log/local/partition-files.ts';

/** Kinds of keys: 0 and 1 are offsets, the others groups and members. */
const LAST_OFFSET_KIND = 1;

export class CommittedGroups {
  /** How many partitions a group has committed, by group; every commit that was not removed counts. */
  readonly #commits = new Map<string, Set<string>>();

  get count(): number {
    return this.#commits.size;
  }

  /** Reads the segments of one partition in the order of their offsets. A record that is none of Kafka's is passed over. */
  async read(disk: Disk, folder: string): Promise<void> {
    if (!(await disk.exists(folder))) return;
    const bases = (await disk.list(folder))
      .filter(({ name }) => parseOffsetName(name)?.suffix === 'log')
      .map(({ name }) => name)
      .sort();
    for (const name of bases) {
      const file = await disk.open(`${folder}/${name}`, { mode: 'read' });
      try {
        await scanBatches(file, (bytes, at) => this.#batch(bytes, at));
      } finally {
        await file.close();
      }
    }
  }

  #batch(bytes: Uint8Array, at: number): void {
    if (batchIsControl(bytes, at)) return;
    try {
      for (const cursor = openBatch(bytes, at); cursor.next();) this.#record(cursor.key, cursor.value);
    } catch (error) {
      const known =
        error instanceof RecordError || error instanceof CompressionError || error instanceof DecodeError;
      if (!known) throw error;
    }
  }

  #record(key: Uint8Array | null, value: Uint8Array | null): void {
    if (key === null) return;
    const reader = new Reader(key);
    if (reader.int16('kind') > LAST_OFFSET_KIND) return;
    const { group, topic, partition } = offsetCommitKey.decode(reader, 0);
    const commits = this.#commits.get(group) ?? new Set();
    if (value === null) commits.delete(`${topic}-${partition}`);
    else commits.add(`${topic}-${partition}`);
    if (commits.size > 0) this.#commits.set(group, commits);
    else this.#commits.delete(group);
  }
}
