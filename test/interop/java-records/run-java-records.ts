// Record batches against Kafka's own Java classes, both ways:
//
//   ours -> Java   a segment file of random batches in every codec and shape is read by Java's MemoryRecords (CRC checked, every
//                  record decompressed) and must come out as the records that the batches were built from; Kafka's DumpLogSegments must find it valid too
//   Java -> ours   batches that Java's MemoryRecordsBuilder writes from a random seed must come out as Java itself reads them
//
// The jars come from Maven Central by pom.xml; KAFKA_DIST, a folder with them in its lib/, is taken instead when set.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { dumpBatch, dumpRecord } from '@moldau/protocol/records/batch-dump.ts';
import { batchNextOffset, batchRecordCount } from '@moldau/protocol/records/batch-header.ts';
import { checkBatch } from '@moldau/protocol/records/check-batch.ts';
import { buildEndTransactionBatch } from '@moldau/protocol/records/control-record.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import type { BatchOptions, NewRecord } from '@moldau/protocol/records/record-writer.ts';
import { CODEC_NAMES } from '@moldau/protocol/compression/codec.ts';
import { cacheFolder, installOnce } from '../cache-folder.ts';
import { needCommand } from '../missing-tool.ts';
import { runCommand } from '../run-command.ts';

const BATCHES = 200;
const FIRST_OFFSET = 2 ** 33;
const folder = import.meta.dirname;

export interface JavaRecordsResult {
  /** Batches and records compared. */
  readonly checks: number;
  readonly failures: string[];
}

/** Throws a MissingTool where there is no Java (or no Maven, unless KAFKA_DIST is set). */
export async function runJavaRecords(seed: number = Date.now() % 2 ** 31): Promise<JavaRecordsResult> {
  const java = needCommand(['java'], 'compare record batches with those of Kafka');
  const classPath = await kafkaClassPath();
  const tool = ['-Dfile.encoding=UTF-8', '-cp', classPath, join(folder, 'RecordsTool.java')];
  const failures: string[] = [];
  let checks = 0;

  const written = randomBatches(seed);
  const batches = written.map(({ bytes }) => bytes);
  const logFolder = join(cacheFolder, `java-records-${process.pid}`);
  mkdirSync(logFolder, { recursive: true });
  try {
    const segment = join(logFolder, `${String(FIRST_OFFSET).padStart(20, '0')}.log`);
    writeFileSync(segment, Buffer.concat(batches));
    const ours = written.flatMap(({ bytes, records }) => [...dumpBatch(bytes).slice(0, 1), ...records]);
    const javas = lines(await runCommand(java, [...tool, 'read', segment]));
    checks += compare(`seed ${seed}, written by Moldau, read by Java`, ours, javas, failures);
    const dump = await runCommand(java, ['-cp', classPath, ...dumpCommand(segment)]);
    checks += checkDump(dump, batches, seed, failures);
  } finally {
    rmSync(logFolder, { recursive: true, force: true });
  }

  const ofJava = await runCommand(java, [...tool, 'write', String(seed)]);
  for (const section of ofJava.split(/^# /m).slice(1)) {
    const [name = '', hex = '', ...javas] = lines(section);
    const bytes = Buffer.from(hex.replace(/^hex /, ''), 'hex');
    const verdict = checkBatch(bytes, 0, bytes.length, 'log');
    if (verdict !== undefined) failures.push(`seed ${seed}, batch of Java, ${name}: ${verdict}`);
    else checks += compare(`seed ${seed}, batch of Java, ${name}`, dumpBatch(bytes), javas, failures);
  }
  return { checks, failures };
}

async function kafkaClassPath(): Promise<string> {
  const dist = process.env['KAFKA_DIST'];
  if (dist !== undefined && dist !== '') return join(dist, 'lib', '*');
  const maven = needCommand(['mvn'], 'fetch the jars of Kafka');
  const pom = join(folder, 'pom.xml');
  const target = join(cacheFolder, 'java-records-classpath.txt');
  await installOnce('java-records', target, [pom], () =>
    runCommand(maven, ['-q', '-B', '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${target}`]),
  );
  return readFileSync(target, 'utf8').trim();
}

function dumpCommand(segment: string): string[] {
  return [
    'org.apache.kafka.tools.DumpLogSegments',
    '--files',
    segment,
    '--deep-iteration',
    '--print-data-log',
  ];
}

function lines(text: string): string[] {
  return text.trimEnd().split('\n');
}

/** Line by line; reports the first that differs. Returns how many were compared. */
function compare(
  what: string,
  ours: readonly string[],
  javas: readonly string[],
  failures: string[],
): number {
  const length = Math.max(ours.length, javas.length);
  for (let index = 0; index < length; index++) {
    if (ours[index] !== javas[index]) {
      failures.push(`${what}: line ${index + 1}\n  Moldau ${ours[index]}\n  Java   ${javas[index]}`);
      return index;
    }
  }
  return length;
}

/** What Kafka's own tool says of a segment: every batch valid, every record there, no complaint. */
function checkDump(dump: string, batches: readonly Uint8Array[], seed: number, failures: string[]): number {
  const valid = dump.match(/^baseOffset: .* isvalid: true/gm)?.length ?? 0;
  const records = dump.match(/^\| offset: /gm)?.length ?? 0;
  const expected = batches.reduce((sum, batch) => sum + batchRecordCount(batch, 0), 0);
  if (
    valid !== batches.length ||
    records !== expected ||
    /isvalid: false|Found |Exception|Non-consecutive/.test(dump)
  ) {
    const counts = `${valid} valid batches of ${batches.length}, ${records} records of ${expected}`;
    failures.push(`seed ${seed}, DumpLogSegments: ${counts}\n${dump.slice(-500)}`);
  }
  return valid + records;
}

const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  // Compressible, and at times larger than a block of snappy or lz4.
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(20_000)).map(([part, times]) => {
    const whole = new Uint8Array(part.length * times);
    for (let at = 0; at < whole.length; at += part.length) whole.set(part, at);
    return whole;
  }),
);

const record = fc.record({
  timestamp: fc.oneof(
    fc.integer({ min: 1_600_000_000_000, max: 1_600_000_100_000 }),
    fc.integer({ min: 0, max: 2 ** 52 }),
  ),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(
    fc.record({
      key: fc.string({ unit: 'binary', maxLength: 12 }),
      value: fc.option(fc.uint8Array({ maxLength: 9 })),
    }),
    { maxLength: 4 },
  ),
});

const batchOptions: fc.Arbitrary<BatchOptions & { records: NewRecord[] }> = fc
  .record({
    codec: fc.constantFrom(...CODEC_NAMES),
    leaderEpoch: fc.nat(),
    records: fc.array(record, { minLength: 1, maxLength: 30 }),
    producer: fc.option(
      fc.record({
        producerId: fc.nat(Number.MAX_SAFE_INTEGER),
        producerEpoch: fc.nat(32_767),
        baseSequence: fc.nat(2 ** 31 - 1),
        transactional: fc.boolean(),
      }),
    ),
    logAppendTime: fc.option(fc.nat(2 ** 45), { nil: undefined }),
  })
  .map(({ producer, logAppendTime, ...rest }) => ({
    ...rest,
    ...producer,
    ...(logAppendTime === undefined ? {} : { logAppendTime }),
  }));

interface WrittenBatch {
  readonly bytes: Uint8Array;
  /** A line for each record that went in, as it must come out. */
  readonly records: readonly string[];
}

/** Batches with offsets that follow on each other, a marker now and then. */
function randomBatches(seed: number): WrittenBatch[] {
  const result: WrittenBatch[] = [];
  let baseOffset = FIRST_OFFSET;
  for (const options of fc.sample(batchOptions, { seed, numRuns: BATCHES })) {
    const bytes = buildBatch({ ...options, baseOffset });
    result.push({
      bytes,
      records: options.records.map((record, index) => lineOf(record, baseOffset + index, options)),
    });
    baseOffset = batchNextOffset(bytes, 0);
    if (options.transactional !== true) continue;
    const { producerId = 0, producerEpoch = 0 } = options;
    const marker = {
      type: producerEpoch % 2 === 0 ? 'commit' : 'abort',
      coordinatorEpoch: 3,
      timestamp: 1000,
    } as const;
    const markerBytes = buildEndTransactionBatch({ ...marker, producerId, producerEpoch, baseOffset });
    const key = marker.type === 'commit' ? '"00000001"' : '"00000000"';
    result.push({ bytes: markerBytes, records: [`record ${baseOffset} 1000 ${key} "000000000003"`] });
    baseOffset++;
  }
  return result;
}

function lineOf(record: NewRecord, offset: number, batch: BatchOptions): string {
  const { timestamp = -1, key = null, value = null, headers = [] } = record;
  return dumpRecord({ offset, timestamp: batch.logAppendTime ?? timestamp, key, value, headers });
}
