// A scenario: one server, fresh and with an empty data folder, put through a few measurements in a row.
//
// Scenarios are the unit of interleaving. Within a round each scenario is run for one system after the other, so
// that figures which are compared were taken within minutes of each other, and a machine that gets slower or
// faster in between does so for all.
import { mkdirSync, rmSync } from 'node:fs';
import type { JavaLoad } from './load-java.ts';
import type { LibrdkafkaLoad } from './load-librdkafka.ts';
import type { Figure, Group } from './measurement.ts';
import { cpuSeconds } from './process-tree.ts';
import type { Server, System } from './system.ts';

/** What every scenario is given. */
export interface Bench {
  readonly java: JavaLoad;
  /** Absent when it could not be built here; scenarios which need it fail with the reason. */
  readonly librdkafka: () => LibrdkafkaLoad;
  /** Data folder of the server, emptied before and after each scenario. */
  readonly dataDir: string;
  /** Moldau as `npm start` starts it. */
  readonly throughNpm: System;
  /** By how much the amounts of a full run are multiplied; 1 in a full run. */
  readonly scale: number;
  readonly wants: (group: Group) => boolean;
}

export interface Scenario {
  readonly name: string;
  /** It is run when one of these is wanted. */
  readonly groups: readonly Group[];
  readonly run: (system: System, bench: Bench) => Promise<Figure[]>;
}

const MEGABYTE = 1e6;
const GIGABYTE = 1e9;

/** Runs `body` with an empty data folder and removes the folder afterwards, whatever happens. */
export async function withDataDir<T>(dir: string, body: () => Promise<T>): Promise<T> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  try {
    return await body();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Runs `body` against a server which is stopped afterwards; a server that died explains a load that failed. */
export async function withServer<T>(
  system: System,
  dir: string,
  body: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await system.start(dir);
  try {
    const result = await body(server);
    server.check();
    return result;
  } catch (cause) {
    server.check();
    throw new Error(`${(cause as Error).message}\nThe end of the server's output:\n${server.tail()}`, {
      cause,
    });
  } finally {
    await server.stop();
  }
}

/** Runs a load and returns its result with the CPU seconds that the server used meanwhile. */
export async function withCpu<T>(
  server: Server,
  load: () => Promise<T>,
): Promise<{ result: T; cpu: number }> {
  const pids = server.pids();
  const before = cpuSeconds(pids);
  const result = await load();
  return { result, cpu: cpuSeconds(pids) - before };
}

/** The figures of moving `records` records of `recordSize` bytes at a rate, for `cpu` seconds of the server's time. */
export function throughput(
  group: Group,
  row: string,
  load: { recordsPerSecond: number; recordSize: number; records: number; cpu: number },
): Figure[] {
  const bytesPerSecond = load.recordsPerSecond * load.recordSize;
  const perGb = load.cpu / ((load.records * load.recordSize) / GIGABYTE);
  return [
    { group, row, metric: 'recordsPerSecond', value: load.recordsPerSecond },
    { group, row, metric: 'megabytesPerSecond', value: bytesPerSecond / MEGABYTE },
    { group, row, metric: 'cpuSecondsPerGb', value: perGb },
    // Well below 1 means that the load on its one core was the limit, not the server.
    { group, row, metric: 'busyCores', value: (perGb * bytesPerSecond) / GIGABYTE },
  ];
}
