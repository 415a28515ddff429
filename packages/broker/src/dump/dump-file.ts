// Prints one file of a log, Kafka's or ours; the name says what it is.
//
//   <offset>.log, <offset>-<epoch>.checkpoint     batches             <n>.wal             our write-ahead log
//   <offset>.index, .timeindex, .txnindex         indexes             <n>.metadata        our metadata log
//   <offset>.snapshot                             producers           checkpoint          our log's checkpoint
//   leader-epoch-checkpoint, *-offset-checkpoint, partition.metadata
//
// `.deleted`, `.cleaned` and `.swap` behind a name change nothing about what is in the file.
//
// Must stay true: total over any bytes, and memory is bounded by one batch, one frame's header or one small file.
import type { Disk } from '@moldau/runtime';
import { dumpIndex } from './dump-indexes.ts';
import { dumpMetadata } from './dump-metadata.ts';
import type { DumpSink } from './dump-row.ts';
import { dumpSegment } from './dump-segment.ts';
import {
  dumpCheckpoint,
  dumpEpochs,
  dumpOffsets,
  dumpPartitionMetadata,
  dumpSnapshot,
} from './dump-small-files.ts';
import { dumpWal } from './dump-wal.ts';
import { decoderOfTopic, type RecordDecoder } from './record-decoders.ts';

export interface DumpOptions {
  readonly disk: Disk;
  /** Print the records of batches too. */
  readonly records: boolean;
  /** How to read records; undefined: by the topic that the file's folder names. */
  readonly decoder: RecordDecoder | undefined;
  readonly sink: DumpSink;
}

/** Returns how many damages were found, each told in a row; undefined when the name says nothing. @throws DiskError */
export async function dumpFile(path: string, options: DumpOptions): Promise<number | undefined> {
  const { disk, sink, records } = options;
  const slash = path.lastIndexOf('/');
  const folder = path.slice(0, Math.max(0, slash)).split('/').at(-1) ?? '';
  const name = path.slice(slash + 1);
  const bare = name.replace(/(\.\d+)?\.(deleted|cleaned|swap)$/, '');
  const topic = /^(.+)-\d+(\.|$)/.exec(folder)?.[1] ?? '';
  const decoder = options.decoder ?? decoderOfTopic(topic);
  const numbered = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot|metadata)$/.exec(bare);
  await sink({ row: 'file', path });
  const kind = numbered?.[2];
  if (kind === 'log') return dumpSegment(disk, path, { records, decoder }, sink);
  if (kind === 'index' || kind === 'timeindex' || kind === 'txnindex')
    return dumpIndex(disk, path, kind, Number(numbered?.[1]), sink);
  if (kind === 'snapshot') return dumpSnapshot(disk, path, sink);
  if (kind === 'metadata') return dumpMetadata(disk, path, sink);
  if (/^(\d{20}-\d{10}|bootstrap)\.checkpoint$/.test(bare)) {
    return dumpSegment(disk, path, { records, decoder: options.decoder ?? 'metadata' }, sink);
  }
  if (/^\d+\.wal$/.test(bare)) return dumpWal(disk, path, { records }, sink);
  if (bare === 'leader-epoch-checkpoint') return dumpEpochs(disk, path, sink);
  if (bare.endsWith('-offset-checkpoint')) return dumpOffsets(disk, path, sink);
  if (bare === 'partition.metadata') return dumpPartitionMetadata(disk, path, sink);
  if (bare === 'checkpoint') return dumpCheckpoint(disk, path, sink);
  return undefined;
}
