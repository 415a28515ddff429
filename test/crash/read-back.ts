// Reads every partition from its beginning and holds it against what was acknowledged: each record once, in order, at the offset that was told,
// and nothing that was never sent.
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import {
  fetchRequest,
  fetchResponse,
  newFetchPartition,
  newFetchRequest,
  newFetchTopic,
} from '@moldau/protocol/generated/fetch.ts';
import { batchNextOffset, batchSizeInBytes } from '@moldau/protocol/records/batch-header.ts';
import { checkBatch } from '@moldau/protocol/records/check-batch.ts';
import { inOnePiece } from '@moldau/protocol/records/record-pieces.ts';
import { readRecords } from '@moldau/protocol/records/record-reader.ts';
import { recordValue, type CrashRun } from './crash-run.ts';
import type { WireClient } from './wire-client.ts';

/** The last version that names topics. */
const FETCH_VERSION = 12;
const MAX_BYTES = 4 * 1024 * 1024;

/** Adds what is wrong to `run.violations`; returns how many records were read. */
export async function readBack(client: WireClient, run: CrashRun): Promise<number> {
  let total = 0;
  for (let partition = 0; partition < run.partitions; partition++)
    total += await readPartition(client, run, partition);
  return total;
}

async function readPartition(client: WireClient, run: CrashRun, partition: number): Promise<number> {
  const acknowledged = run.acknowledged[partition] as number[];
  let offset = 0;
  let expected = 0;
  for (;;) {
    const answer = await fetchFrom(client, run.topic, partition, offset);
    if (answer.errorCode !== ErrorCode.NONE)
      throw new Error(`partition ${partition} cannot be read: ${errorName(answer.errorCode)}`);
    const bytes = inOnePiece(answer.records);
    if (bytes.length === 0) break;
    for (let at = 0; at < bytes.length; at += batchSizeInBytes(bytes, at)) {
      const failure = checkBatch(bytes, at, bytes.length, 'log');
      if (failure !== undefined) {
        run.violations.push(`partition ${partition}: a batch near offset ${offset} is damaged: ${failure}`);
        return expected;
      }
      for (const record of readRecords(bytes, at)) {
        checkRecord(run, partition, record.offset, record.value, expected);
        expected += 1;
      }
      offset = batchNextOffset(bytes, at);
    }
  }
  if (expected < acknowledged.length) {
    run.violations.push(
      `partition ${partition}: ${acknowledged.length} records were acknowledged, ${expected} are there`,
    );
  }
  return expected;
}

function checkRecord(
  run: CrashRun,
  partition: number,
  offset: number,
  value: Uint8Array | null,
  expected: number,
): void {
  const wanted = recordValue(partition, expected);
  if (value === null || Buffer.compare(value, wanted) !== 0) {
    const found =
      value === null || value.length < 8 ? 'something else' : `record ${Buffer.from(value).readInt32BE(4)}`;
    run.violations.push(
      `partition ${partition}: offset ${offset} should hold record ${expected} and holds ${found}`,
    );
    return;
  }
  const told = run.acknowledged[partition]?.[expected];
  if (told !== undefined && told !== offset) {
    run.violations.push(
      `partition ${partition}: record ${expected} was acknowledged at offset ${told} and lies at ${offset}`,
    );
  }
}

async function fetchFrom(client: WireClient, topic: string, partition: number, fetchOffset: number) {
  const partitions = [newFetchPartition({ partition, fetchOffset, partitionMaxBytes: MAX_BYTES })];
  const request = newFetchRequest({
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: MAX_BYTES,
    topics: [newFetchTopic({ topic, partitions })],
  });
  const answer = (await client.request(fetchRequest, fetchResponse, request, FETCH_VERSION)).responses[0]
    ?.partitions[0];
  if (answer === undefined) throw new Error('a fetch answer names no partition');
  return answer;
}
