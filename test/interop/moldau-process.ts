// A Moldau of its own for a test run: a real process on a free port with a temporary data folder, ready when it says so.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './cache-folder.ts';
import { Changing, until } from './deadline.ts';

export interface MoldauProcess {
  /** `host:port[,host:port...]` of its READY line. */
  readonly bootstrap: string;
  readonly pid: number;
  /** How long it took from spawn to READY. */
  readonly readyMs: number;
  /** What it wrote to stderr, the last few thousand characters. */
  log(): string;
  /** Undefined while it runs, then how it ended. */
  exited(): string | undefined;
  /** SIGTERM, then SIGKILL after 10 s; removes the data. Resolves to how it ended. */
  stop(): Promise<string>;
}

/** Starts Moldau with further `serve` flags, e.g. `['--brokers', '3']` or `['--set', 'num.partitions=4']`. */
export async function startMoldau(flags: readonly string[] = []): Promise<MoldauProcess> {
  const data = await mkdtemp(join(tmpdir(), 'moldau-test-'));
  const listen = `127.0.0.1:${await freePort()}`;
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(root, 'tools', 'run.mjs'),
      'packages/cli/src/main.ts',
      'serve',
      '--listen',
      listen,
      '--data',
      data,
      ...flags,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const changing = new Changing();
  let bootstrap = '';
  let log = '';
  let exited: string | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const ready = /^READY (\S+)/.exec(line);
    if (ready?.[1] === undefined) return;
    bootstrap = ready[1];
    changing.changed();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    log = (log + bytes.toString()).slice(-8000);
  });
  const ended = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      exited ??= how;
      changing.fail(new Error(`moldau ${how}: ${log}`));
      resolve(exited);
    };
    child.on('error', (error) => end(`cannot be started (${error.message})`));
    child.on('close', (code, signal) =>
      end(signal === null ? `ended with status ${code}` : `ended by ${signal}`),
    );
  });
  const stop = async (): Promise<string> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    const how = await ended;
    clearTimeout(timer);
    await rm(data, { recursive: true, force: true });
    return how;
  };
  try {
    await until([changing], 'moldau to be ready', () => bootstrap !== '');
  } catch (error) {
    await stop();
    throw error;
  }
  const readyMs = performance.now() - started;
  return { bootstrap, pid: child.pid ?? 0, readyMs, log: () => log, exited: () => exited, stop };
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
