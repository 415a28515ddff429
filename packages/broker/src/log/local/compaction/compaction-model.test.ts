// Random histories of records, tombstones and transactions, compacted again and again, against a model that knows the rules and nothing of files; and the
// power cut, or the process killed, at any call of the disk meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';

import type { CompactionResult, LogConfig, PartitionLog } from '../../partition-log.ts';
import { basesOf, batchAt, type LogWorld } from '../log-fixture.ts';
import {
  COMPACTED,
  FILES_ONLY,
  compactedWorld,
  readContent,
  tableOf,
  writeRandomly,
  type KeyedWriter,
  type LogContent,
} from './compaction-fixture.ts';

const SEEDS = 15;
/** `COMPACTION_CRASH_SEEDS=200 COMPACTION_CUTS=30 node --test ...` tries more. */
const FIRST_SEED = Number(process.env['COMPACTION_FIRST_SEED'] ?? 1);
const CRASH_SEEDS = Number(process.env['COMPACTION_CRASH_SEEDS'] ?? 5);
/** Each history is cut short at so many calls of the disk. */
const CUTS = Number(process.env['COMPACTION_CUTS'] ?? 5);

interface Run {
  readonly world: LogWorld;
  readonly writer: KeyedWriter;
  readonly random: SeededRandom;
  readonly config: LogConfig;
  log: PartitionLog;
}

async function begin(seed: number): Promise<Run> {
  const random = new SeededRandom(seed);
  const config = { ...COMPACTED, segmentBytes: 600 + random.integer(3000), deleteRetentionMs: 40 };
  // Half of the logs are written straight to their segments: frames of the write-ahead log point there.
  const settings = random.chance(0.5) ? FILES_ONLY : { ...FILES_ONLY, directMinBytes: 1 };
  const { world, log, writer } = await compactedWorld(config, seed, settings);
  // And another partition holds on to all of the write-ahead log.
  (await world.open(1)).append([batchAt(0)]);
  await world.settle(50);
  // From so small that it takes a pass for a few keys, to plenty.
  world.cleaner = {
    ...world.cleaner,
    dedupeBufferBytes: random.chance(0.5) ? 24 * (5 + random.integer(15)) : 10_000,
  };
  return { world, writer, random, config, log };
}

async function write(run: Run, steps: number): Promise<void> {
  writeRandomly(run.writer, run.random, steps);
  await run.world.settle(50);
}

async function reopen(run: Run): Promise<void> {
  const { world, random } = run;
  const way = (['reopen', 'kill', 'powerCut'] as const)[random.integer(3)]!;
  await world[way]();
  run.log = await world.open(0, run.config);
  run.writer.reopened(run.log, world.witnesses[0]!);
}

/** Content is what the rules leave, and every way to it leads there. */
async function check(run: Run): Promise<LogContent> {
  const { world, log, writer, random } = run;
  const content = await readContent(world, log);
  assert.deepEqual(content.records, writer.left());
  assert.deepEqual(
    content.committed,
    writer.batches.flatMap((batch) => (batch.aborted ? [] : batch.left)),
  );
  assert.deepEqual(tableOf(content.committed), writer.table());
  for (const [producerId, { lastDataOffset }] of writer.witness.lastOfProducers) {
    const last = content.batches.findLast((batch) => batch.producerId === producerId && !batch.control);
    assert.equal(last?.lastOffset, lastDataOffset, `the last batch of producer ${producerId}`);
    assert(last.baseSequence >= 0);
  }
  for (let i = 0; i < 10; i++) {
    const offset = random.integer(log.endOffset);
    const limits = { maxBytes: 1, atLeastOneBatch: true, upToOffset: Infinity };
    const slice = await world.run(Promise.resolve(log.read(offset, limits)));
    assert.equal(basesOf(slice)[0], content.batches.find((batch) => batch.lastOffset >= offset)?.baseOffset);
    const timestamp = 1000 + offset;
    const found = await world.run(log.findByTimestamp(timestamp));
    const expected = content.batches.find((batch) => batch.maxTimestamp >= timestamp);
    assert.equal(found?.baseOffset, expected?.baseOffset, `the first batch of ${timestamp} or later`);
  }
  return content;
}

function expectCompacted(run: Run, result: CompactionResult, nowMs: number): void {
  if (result.compacted) run.writer.compacted(result.cleanedTo, nowMs, run.config.deleteRetentionMs);
}

describe('compaction of random histories', () => {
  it('leaves what the rules say, read in any way, after any restart', async () => {
    let passes = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = await begin(seed);
      try {
        for (let round = 0; round < 4; round++) {
          await write(run, 10 + run.random.integer(60));
          const nowMs = run.world.scheduler.clock.now();
          const result = await run.world.run(run.log.compact(nowMs));
          passes = Math.max(passes, result.passes);
          expectCompacted(run, result, nowMs);
          await check(run);
          if (run.random.chance(0.5)) {
            await reopen(run);
            await check(run);
          }
          if (run.random.chance(0.5)) await run.world.settle(60);
        }
        assert.deepEqual(run.world.fatal, []);
        assert.deepEqual(run.world.warnings, []);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
    assert(passes > 1, 'some logs took several passes');
  });
});

describe('a compaction that is cut short', () => {
  /** Runs to the call numbered `cutAt` of the disk within the compaction, and on from there. Resolves to the number of calls when it ended before. */
  async function cutShort(
    seed: number,
    cutAt: number,
    way: 'powerCut' | 'kill',
  ): Promise<number | undefined> {
    const run = await begin(seed);
    const { world, writer } = run;
    await write(run, 30);
    if (run.random.chance(0.5)) {
      const nowMs = world.scheduler.clock.now();
      expectCompacted(run, await world.run(run.log.compact(nowMs)), nowMs);
      await write(run, 30);
    }
    const before = writer.left();
    let calls = 0;
    const cut = new Promise<void>((resolve) => {
      world.onCall = () => {
        calls += 1;
        if (calls === cutAt) resolve();
      };
    });
    const nowMs = world.scheduler.clock.now();
    const compacting = run.log.compact(nowMs);
    compacting.catch(() => {});
    const ended = await world.run(Promise.race([cut.then(() => false), compacting.then(() => true)]));
    world.onCall = () => {};
    if (ended) return calls;
    await world[way]();
    run.log = await world.open(0, run.config);
    writer.reopened(run.log, world.witnesses[0]!);

    // Some segments are old, some new, none is anything else.
    const content = await readContent(world, run.log);
    const all = new Map(before.map((record) => [record.offset, record]));
    for (const record of content.records) assert.deepEqual(record, all.get(record.offset));
    assert.deepEqual(tableOf(content.committed), writer.table());
    const names = await world.names('topic-0');
    assert.deepEqual(
      names.filter((name) => /cleaned|swap|deleted/.test(name)),
      [],
      'nothing is left lying about',
    );

    // And another compaction does what was left to do.
    const result = await world.run(run.log.compact(nowMs));
    const cleanedTo = Math.max(result.cleanedTo, 0);
    writer.compacted(cleanedTo, nowMs, run.config.deleteRetentionMs);
    await check(run);
    assert.deepEqual(world.warnings, []);
    return undefined;
  }

  for (const way of ['powerCut', 'kill'] as const) {
    it(`by ${way === 'kill' ? 'the end of the process' : 'a power cut'} at any call of the disk leaves the log whole`, async () => {
      for (let seed = FIRST_SEED; seed < FIRST_SEED + CRASH_SEEDS; seed++) {
        const calls = (await cutShort(seed, Infinity, way)) as number;
        const random = new SeededRandom(seed);
        // Where a transaction is open from the beginning on there is nothing to do.
        const cuts = calls === 0 ? 0 : CUTS;
        for (let i = 0; i < cuts; i++) {
          const cutAt = 1 + random.integer(calls);
          await cutShort(seed, cutAt, way).catch((error: Error) => {
            throw new Error(`seed ${seed}, call ${cutAt} of ${calls}: ${error.message}`, { cause: error });
          });
        }
      }
    });
  }
});
