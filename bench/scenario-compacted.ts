// A compacted topic under a steady load: are producers held up while the log is cleaned behind them, and how small does it get?
//
// Keys repeat, segments are small and the topic counts as dirty at once, so that every time the cleaner looks (15 s in both systems' defaults)
// there is something to be done, in the middle of what is measured.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { memory } from './process-tree.ts';
import { withCpu, withDataDir, withServer, type Scenario } from './scenario.ts';

const PACE = { perSecond: 2_000, recordSize: 4_096, keys: 10_000 };
const CONFIGS = ['cleanup.policy=compact', 'segment.bytes=16777216', 'min.cleanable.dirty.ratio=0.01'];
/** One request a record is hard on a cold JVM: throughput first compiles the path. */
const WARMUP_RECORDS = 300_000;
const WARMUP_SECONDS = 15;
const SECONDS = 60;
/** For the last cleaning, and for what it replaced to be removed (file.delete.delay.ms is a minute, in both). */
const SETTLE_MS = 90_000;
const ROW = `librdkafka, ${PACE.perSecond.toLocaleString('en')} records/s of 4 KB, ${PACE.keys.toLocaleString('en')} keys, compacted`;

/** Bytes of the topic's segments below `dir`, wherever the system keeps its partitions. */
function topicBytes(dir: string, topic: string): number {
  let bytes = 0;
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.log')) continue;
    const path = join(entry.parentPath, entry.name);
    if (path.includes(`${topic}-0`)) bytes += statSync(path).size;
  }
  return bytes;
}

export const compactedScenario: Scenario = {
  name: 'compacted',
  groups: ['compacted'],
  run: (system, bench) =>
    withDataDir(bench.dataDir, () =>
      withServer(system, bench.dataDir, async (server) => {
        const topic = 'compacted';
        await bench.java.createTopic(server.address, topic, 1, CONFIGS);
        await bench.java.createTopic(server.address, 'warmup', 1);
        await bench.librdkafka().produce(server.address, 'warmup', PACE.recordSize, WARMUP_RECORDS);
        const { result, cpu } = await withCpu(server, () =>
          bench.librdkafka().latency(server.address, topic, {
            ...PACE,
            warmupSeconds: WARMUP_SECONDS,
            seconds: Math.ceil(SECONDS * bench.scale),
          }),
        );
        const bytes = PACE.perSecond * (WARMUP_SECONDS + Math.ceil(SECONDS * bench.scale)) * PACE.recordSize;
        await pause(SETTLE_MS);
        const at = { group: 'compacted', row: ROW } as const;
        return [
          { ...at, metric: 'acknowledgedP50', value: result.acknowledged.p50 },
          { ...at, metric: 'acknowledgedP99', value: result.acknowledged.p99 },
          { ...at, metric: 'acknowledgedP999', value: result.acknowledged.p999 },
          { ...at, metric: 'endToEndP99', value: result.endToEnd.p99 },
          { ...at, metric: 'cpuSecondsPerGb', value: cpu / (bytes / 1e9) },
          { ...at, metric: 'diskMegabytes', value: topicBytes(bench.dataDir, topic) / 1e6 },
          { ...at, metric: 'peakMegabytes', value: memory(server.pids()).peak / 1e6 },
        ];
      }),
    ),
};
