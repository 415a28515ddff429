// `moldau adopt` and `moldau dump-log` as processes on a real disk: what they print, and how they end.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';

const MAIN = new URL('main.ts', import.meta.url).pathname;
const SEGMENT = '00000000000000000000.log';

function moldau(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

describe('the commands around a Kafka folder', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'moldau-cli-'));
    const partition = join(folder, 'kafka', 'orders-0');
    mkdirSync(partition, { recursive: true });
    writeFileSync(join(folder, 'kafka', 'meta.properties'), 'version=0\nbroker.id=1\n');
    writeFileSync(join(folder, 'kafka', '.kafka_cleanshutdown'), '');
    const records = [{ timestamp: 5, key: Buffer.from('k'), value: Buffer.from('v') }];
    writeFileSync(join(partition, SEGMENT), buildBatch({ records, leaderEpoch: 0 }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('adopt, once; then the topic is there', () => {
    const command = ['adopt', '--from', join(folder, 'kafka'), '--data', join(folder, 'data')];
    const first = moldau(...command);
    assert.equal(first.status, 0, first.err);
    assert.match(first.out, /^orders +1 +1 +7\d B$/m);
    assert.match(first.out, /Start it with "moldau serve/);
    const again = moldau(...command);
    assert.equal(again.status, 1);
    assert.match(again.err, /^moldau: The data folder .* has a topic orders already/);
  });

  it('refuse wrong arguments with 2', () => {
    assert.equal(moldau('adopt').status, 2);
    assert.equal(moldau('adopt', '--from', 'x', '--link', '--copy').status, 2);
    assert.equal(moldau('dump-log').status, 2);
    assert.equal(moldau('dump-log', '--offsets-decoder', '--plain', 'x').status, 2);
  });

  it('dump-log prints what can be read, and ends with 1 where something is damaged', () => {
    const path = join(folder, 'kafka', 'orders-0', SEGMENT);
    const whole = moldau('dump-log', '--print-data-log', path);
    assert.equal(whole.status, 0, whole.err);
    assert.match(whole.out, /^record offset=0 timestamp=5 key="k" value="v"$/m);
    const json = moldau('dump-log', '--print-data-log', '--json', path);
    const last = JSON.parse(json.out.trimEnd().split('\n').at(-1)!) as object;
    assert.deepEqual(last, { row: 'record', offset: 0, timestamp: 5, key: 'k', value: 'v' });

    const torn = join(folder, SEGMENT);
    writeFileSync(
      torn,
      Buffer.concat([buildBatch({ records: [{ timestamp: 1, value: null }] }), Buffer.alloc(30, 1)]),
    );
    const damaged = moldau(
      'dump-log',
      torn,
      join(folder, 'none.log'),
      join(folder, 'kafka', 'meta.properties'),
    );
    assert.equal(damaged.status, 1);
    assert.match(damaged.out, /^damage position=\d+ .* next=null advice="All before it is whole/m);
    assert.match(damaged.err, /damaged in 1 places/);
    assert.match(damaged.err, /the name does not say what is in it/);
  });
});
