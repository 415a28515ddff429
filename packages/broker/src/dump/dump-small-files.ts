// Prints the small files: producers' state, epochs, offsets, ids, and the checkpoint of our log.
import type { Disk } from '@moldau/runtime';
import { readWhole } from '@moldau/runtime/small-files.ts';
import { parseEpochsFile, parseOffsetsFile } from '../adopt/kafka-text-files.ts';
import { readCheckpoint } from '../log/local/checkpoint-file.ts';
import { decodePartitionMetadata } from '../log/local/partition-files.ts';
import { LogError } from '../log/partition-log.ts';
import { decodeProducerSnapshot } from '../partition/producer-snapshot.ts';
import type { DumpSink, DumpValue } from './dump-row.ts';

/** Prints one kind of file. Returns how many damages were found. */
export type SmallFileDump = (disk: Disk, path: string, sink: DumpSink) => Promise<number>;

async function damage(sink: DumpSink, problem: string, advice: string): Promise<number> {
  await sink({ row: 'damage', position: 0, problem, advice });
  return 1;
}

/** `.snapshot` */
export const dumpSnapshot: SmallFileDump = async (disk, path, sink) => {
  const producers = decodeProducerSnapshot((await readWhole(disk, path)) ?? new Uint8Array(0));
  if (producers === undefined) {
    return damage(
      sink,
      'it is no producer snapshot of version 1, or its checksum is wrong',
      'A broker makes it again from the log: with the broker stopped, move this file away and start it.',
    );
  }
  for (const [producerId, { epoch, batches, ...entry }] of producers) {
    await sink({
      row: 'producer',
      producerId,
      epoch,
      lastSequence: batches.at(-1)?.lastSequence ?? -1,
      lastOffset: batches.at(-1)?.lastOffset ?? -1,
      ...entry,
      batches: batches.map((batch) => ({ ...batch })),
    });
  }
  return 0;
};

/** `leader-epoch-checkpoint` */
export const dumpEpochs: SmallFileDump = async (disk, path, sink) => {
  const epochs = parseEpochsFile((await readWhole(disk, path)) ?? new Uint8Array(0));
  if (epochs === undefined)
    return damage(
      sink,
      'it is no list of epochs and offsets that grow',
      'Moldau writes it and never reads it; Kafka needs it: let it be written anew by a start.',
    );
  for (const entry of epochs) await sink({ row: 'epoch', ...entry });
  return 0;
};

/** `log-start-offset-checkpoint` and its like */
export const dumpOffsets: SmallFileDump = async (disk, path, sink) => {
  const content = (await readWhole(disk, path)) ?? new Uint8Array(0);
  // Kafka makes the file empty and writes it when there is something to say.
  if (content.length === 0) return 0;
  const offsets = parseOffsetsFile(content);
  if (offsets === undefined)
    return damage(
      sink,
      'it is no list of topics, partitions and offsets',
      'Moldau writes it and never reads it; Kafka needs it: let it be written anew by a start.',
    );
  for (const [partition, offset] of offsets) await sink({ row: 'offset', partition, offset });
  return 0;
};

/** `partition.metadata` */
export const dumpPartitionMetadata: SmallFileDump = async (disk, path, sink) => {
  const topicId = decodePartitionMetadata((await readWhole(disk, path)) ?? new Uint8Array(0));
  if (topicId === undefined)
    return damage(
      sink,
      'it does not say "version: 0" and "topic_id: ..."',
      'Restore it from a copy, or from another partition of the topic.',
    );
  await sink({ row: 'partition', topicId });
  return 0;
};

/** `checkpoint` of our log store */
export const dumpCheckpoint: SmallFileDump = async (disk, path, sink) => {
  const slash = path.lastIndexOf('/');
  try {
    const checkpoint = await readCheckpoint(disk, slash < 0 ? '.' : path.slice(0, slash));
    if (checkpoint === undefined) return 0;
    const { partitions, ...rest } = checkpoint;
    await sink({ row: 'checkpoint', ...(rest as unknown as Record<string, DumpValue>) });
    for (const partition of partitions)
      await sink({ row: 'partition', ...(partition as unknown as Record<string, DumpValue>) });
    return 0;
  } catch (error) {
    if (!(error instanceof LogError || error instanceof SyntaxError)) throw error;
    return damage(sink, error.message, 'Restore the file from a copy of the data folder.');
  }
};
