// What compaction leaves of a log, and that everything else goes on working over the gaps.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { COMPACTED, compactedWorld, readContent } from './compaction-fixture.ts';

/** Segments of about a thousand bytes each. */
function fill(
  writer: { write(spec: { records: [string, string][] }): unknown },
  rounds: number,
  keys: number,
): void {
  for (let i = 0; i < rounds; i++) writer.write({ records: [[`key-${i % keys}`, `${i} ${'.'.repeat(60)}`]] });
}

describe('compaction', () => {
  it('leaves the newest record of each key, at its offset', async () => {
    const { world, log, writer } = await compactedWorld();
    fill(writer, 60, 7);
    await world.settle(50);
    const result = await world.run(log.compact(world.scheduler.clock.now()));
    assert(result.compacted);
    assert(result.bytesAfter < result.bytesBefore / 2, JSON.stringify(result));
    const expected = writer.compacted(
      result.cleanedTo,
      world.scheduler.clock.now(),
      COMPACTED.deleteRetentionMs,
    );
    const content = await readContent(world, log);
    assert.deepEqual(content.records, expected);
    assert.deepEqual(world.warnings, []);
    await world.reopen();
    const again = await world.open(0, COMPACTED);
    assert.deepEqual((await readContent(world, again)).records, expected);
  });
});
