// Adoptions over a simulated disk, for tests: run one, see that it only read its source, look at what a start would find.
import assert from 'node:assert/strict';
import { batchBaseOffset, batchLastOffset } from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import type { Disk } from '@moldau/runtime';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedScheduler } from '@moldau/runtime/simulated/simulated-scheduler.ts';
import { openLocalLogStore } from '../log/local/local-log-store.ts';
import { TEST_CONFIG, Witness } from '../log/local/log-fixture.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import { openLocalMetadataStore } from '../metadata/local/local-metadata-store.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { KAFKA, contentBelow, topicIdOf } from './kafka-folder.ts';
import { AdoptError, type AdoptErrorCode } from '../adopt/adopt-error.ts';
import { adopt, type AdoptOptions, type AdoptReport } from '../adopt/adopt.ts';

export const DATA = '/moldau/data';

export function optionsFor(disk: Disk, changes: Partial<AdoptOptions> = {}): AdoptOptions {
  return {
    disk,
    clock: SimulatedScheduler.fromSeed(1).clock,
    random: new SeededRandom(1),
    from: [KAFKA],
    data: DATA,
    link: false,
    dryRun: false,
    topics: undefined,
    withoutGroups: false,
    allowMissing: false,
    allowGaps: false,
    ...changes,
  };
}

/** Adopts, and sees that the source is untouched whatever comes of it. */
export async function run(disk: Disk, changes: Partial<AdoptOptions> = {}): Promise<AdoptReport> {
  const before = await contentBelow(disk, '/kafka');
  try {
    return await adopt(optionsFor(disk, changes));
  } finally {
    assert.deepEqual(await contentBelow(disk, '/kafka'), before, 'the source is only read');
  }
}

export async function refused(
  disk: Disk,
  code: AdoptErrorCode,
  message: RegExp,
  changes: Partial<AdoptOptions> = {},
): Promise<void> {
  await assert.rejects(run(disk, changes), (error) => {
    assert.ok(error instanceof AdoptError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
  if (await disk.exists(DATA)) assert.equal((await imageOf(disk)).topics.size, 0, 'nothing was adopted');
}

export async function imageOf(disk: Disk): Promise<MetadataImage> {
  const store = await openLocalMetadataStore({ disk, folder: `${DATA}/metadata` });
  await store.close();
  return store.image;
}

/** What a start finds in a partition. */
export async function withLog<T>(
  disk: Disk,
  topic: string,
  partition: number,
  work: (log: PartitionLog, witness: Witness) => Promise<T>,
): Promise<T> {
  const scheduler = SimulatedScheduler.fromSeed(1);
  const opened = async (): Promise<T> => {
    const store = await openLocalLogStore({
      disk,
      clock: scheduler.clock,
      folder: `${DATA}/logs`,
      onFatal: (reason) => assert.fail(reason),
    });
    const witness = new Witness();
    try {
      const log = await store.open({ topic, topicId: topicIdOf(topic), partition }, TEST_CONFIG, witness);
      return await work(log, witness);
    } finally {
      await store.close();
    }
  };
  return scheduler.run(opened());
}

/** The offsets of the batches that a reader gets, as `base-last`. */
export async function batchesOf(disk: Disk, topic: string, partition = 0): Promise<string[]> {
  return withLog(disk, topic, partition, (log) => readAll(log));
}

export async function readAll(log: PartitionLog): Promise<string[]> {
  const found: string[] = [];
  for (let offset = log.startOffset; offset < log.durableEndOffset;) {
    const slice = await log.read(offset, { maxBytes: 1e6, atLeastOneBatch: true, upToOffset: Infinity });
    assert.ok(slice.byteLength > 0, `nothing at ${offset}`);
    for (const bytes of slice.buffers) {
      for (const at of batchPositions(bytes)) {
        found.push(`${batchBaseOffset(bytes, at)}-${batchLastOffset(bytes, at)}`);
        offset = batchLastOffset(bytes, at) + 1;
      }
    }
  }
  return found;
}
