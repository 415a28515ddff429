// `node bench/micro/log.ts [--folder DIR] [--mb N] [--durability fsync|os] [--set name=value]...`: the embedded log alone, on the real disk.
//
// One loop appends ready-made batches as fast as `store.pressure` allows; the clock stops when all of it is durable. CPU is that of the whole
// process, writing in the kernel included. `disk/user` is what was written to the disk per byte appended.
import { readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { openLocalLogStore } from '@moldau/broker/log/local/local-log-store.ts';
import type {
  AppendedBatch,
  LogConfig,
  LogObserver,
  PartitionLog,
} from '@moldau/broker/log/partition-log.ts';
import { setBatchBaseOffset, writeBatchHeader } from '@moldau/protocol/records/batch-header.ts';
import { NodeClock } from '@moldau/runtime/node/node-clock.ts';
import { NodeDisk } from '@moldau/runtime/node/node-disk.ts';

const MB = 1024 * 1024;
/** Batches are used again after so many bytes: long after the log has let go of them. */
const RING_BYTES = 160 * MB;
/** Appends between two turns of the event loop: what a busy broker reads from its sockets in one poll. */
const APPENDED_PER_TURN_BYTES = 1 * MB;

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: 'data-bench-log' },
    mb: { type: 'string', default: '1024' },
    durability: { type: 'string', default: 'fsync' },
    only: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});

const CONFIG: LogConfig = {
  segmentBytes: 1024 * MB,
  segmentMs: 7 * 86_400_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * MB,
  indexIntervalBytes: 4096,
  retentionMs: -1,
  retentionBytes: -1,
  fileDeleteDelayMs: 0,
  deletes: true,
  compacts: false,
  deleteRetentionMs: 86_400_000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Infinity,
  minCleanableDirtyRatio: 0.5,
};

class Counter implements LogObserver {
  commits = 0;
  durable(): void {
    this.commits += 1;
  }
  discarded(_endOffset: number, error: Error): void {
    throw error;
  }
  stableEndOffset(): number {
    return Infinity;
  }

  lastOfProducer(): undefined {}

  startMoved(): void {}
  takeSnapshot(): undefined {}
  restore(): boolean {
    return true;
  }
  replay(): void {}
}

function ring(batchBytes: number): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let i = 0; i < Math.max(8, Math.ceil(RING_BYTES / batchBytes)); i++) {
    const bytes = Buffer.allocUnsafeSlow(batchBytes);
    for (let at = 0; at < bytes.length; at += 4096)
      bytes.writeUInt32LE(Math.imul(at + i, 2_654_435_761) >>> 0, Math.min(at, bytes.length - 4));
    writeBatchHeader(bytes, 0, {
      baseOffset: 0,
      sizeInBytes: batchBytes,
      leaderEpoch: 0,
      attributes: 0,
      lastOffsetDelta: 15,
      baseTimestamp: 1,
      maxTimestamp: 1,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      recordCount: 16,
    });
    batches.push(bytes);
  }
  return batches;
}

/** Bytes that this process has caused to be written to disks (Linux; 0 elsewhere). */
function diskBytes(): number {
  try {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function run(batchBytes: number, partitions: number): Promise<string> {
  rmSync(values.folder, { recursive: true, force: true });
  const settings: Record<string, unknown> = { durability: values.durability };
  for (const setting of values.set)
    settings[setting.slice(0, setting.indexOf('='))] = Number(setting.slice(setting.indexOf('=') + 1));
  const clock = new NodeClock();
  const store = await openLocalLogStore({
    disk: new NodeDisk(),
    clock,
    folder: values.folder,
    settings,
    onFatal: (reason) => {
      throw reason;
    },
  });
  const counter = new Counter();
  const logs: PartitionLog[] = [];
  for (let i = 0; i < partitions; i++) {
    logs.push(
      await store.open({ topic: 'bench', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partition: i }, CONFIG, counter),
    );
  }
  const batches = ring(batchBytes);
  const total = Number(values.mb) * MB;
  const cpuBefore = process.cpuUsage();
  const diskBefore = diskBytes();
  const started = performance.now();
  let appended = 0;
  let next = 0;
  let peak = 0;
  while (appended < total) {
    for (let bytes = 0; bytes < APPENDED_PER_TURN_BYTES && !store.pressure; bytes += batchBytes) {
      const log = logs[next % partitions]!;
      const batch = batches[next++ % batches.length]!;
      const baseOffset = log.endOffset;
      setBatchBaseOffset(batch, 0, baseOffset);
      const one: AppendedBatch = {
        bytes: batch,
        baseOffset,
        lastOffset: baseOffset + 15,
        leaderEpoch: 0,
        maxTimestamp: 1,
      };
      log.append([one]);
      appended += batchBytes;
    }
    await new Promise<void>((resolve) => {
      if (store.pressure) {
        const stop = store.onPressure(() => {
          stop();
          resolve();
        });
      } else clock.defer(resolve);
    });
    peak = Math.max(peak, store.memoryUse.tails);
  }
  while (logs.some((log) => log.durableEndOffset < log.endOffset))
    await new Promise<void>((resolve) => void clock.setTimer(1, resolve));
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const gigabytes = appended / 1e9;
  const { commits } = store;
  const row = [
    `${batchBytes / 1024} KB`.padStart(8),
    String(partitions).padStart(10),
    (appended / 1e6 / seconds).toFixed(0).padStart(7),
    ((cpu.user + cpu.system) / 1e6 / gigabytes).toFixed(2).padStart(9),
    (cpu.user / 1e6 / gigabytes).toFixed(2).padStart(6),
    (commits / seconds).toFixed(0).padStart(10),
    ((diskBytes() - diskBefore) / appended).toFixed(2).padStart(10),
    `${(peak / MB).toFixed(0)} MB`.padStart(10),
    `${(process.memoryUsage.rss() / MB - RING_BYTES / MB).toFixed(0)} MB`.padStart(9),
  ].join(' ');
  await store.close();
  rmSync(values.folder, { recursive: true, force: true });
  return row;
}

process.stdout.write(
  '   batch partitions    MB/s CPU s/GB   user  commits/s  disk/user      tails  RSS-ring\n',
);
for (const batchBytes of [16 * 1024, 1024 * 1024]) {
  for (const partitions of [1, 12, 1000]) {
    if (values.only !== undefined && values.only !== `${batchBytes / 1024}x${partitions}`) continue;
    process.stdout.write(`${await run(batchBytes, partitions)}\n`);
  }
}
