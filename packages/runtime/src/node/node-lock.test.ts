// The lock between real processes: one holder, and free again when it is killed.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { DiskError } from '../disk.ts';
import { NodeDisk } from './node-disk.ts';

/** Takes the lock, says how that went, and holds it until killed. */
const HOLDER = `
  const { NodeDisk } = await import(process.argv[1]);
  try {
    await new NodeDisk().lock(process.argv[2]);
    console.log('held');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.code);
  }
`;

const MODULE = new URL('node-disk.ts', import.meta.url).href;

function holder(path: string): { child: ChildProcess; said: Promise<string> } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, MODULE, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = once(child.stdout, 'data').then(([text]) => String(text).trim());
  return { child, said };
}

describe('the lock between processes', () => {
  let folder = '';
  const children: ChildProcess[] = [];
  before(() => {
    folder = fs.mkdtempSync(join(tmpdir(), 'moldau-lock-'));
  });
  after(() => {
    for (const child of children) {
      child.kill('SIGKILL');
    }
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('goes to one of those that start at once, names it to others, and is free when it is killed', async () => {
    const path = join(folder, 'lock');
    const disk = new NodeDisk();
    const holders = [holder(path), holder(path), holder(path)];
    children.push(...holders.map(({ child }) => child));
    const said = await Promise.all(holders.map((one) => one.said));
    assert.deepEqual([...said].sort(), ['LOCKED', 'LOCKED', 'held']);

    const winner = holders[said.indexOf('held')]!.child;
    await assert.rejects(disk.lock(path), (error) => {
      assert.ok(error instanceof DiskError && error.code === 'LOCKED');
      // The winner may not have written its name yet, but nobody else's can be there.
      assert.match(error.message, new RegExp(`another process( \\(process ${winner.pid}, .*\\))? holds it`));
      return true;
    });

    winner.kill('SIGKILL');
    await once(winner, 'exit');
    const lock = await disk.lock(path);
    await lock.release();
    assert.deepEqual(fs.readdirSync(folder), ['lock']);
  });
});
