// A system under test: something that speaks Kafka's protocol on one port and can be started and stopped.
//
// What must stay true for a fair comparison: every system runs on the same one core with the same limits, with its data
// on the same disk in a folder that was empty when its scenario began, and is measured over all of its processes and
// only its own (not over the script that starts it).
import { firstAnswer } from './api-probe.ts';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { processTree } from './process-tree.ts';

/** The core the server is pinned to, and the one the load is pinned to. */
export const SERVER_CORE = '0';
export const LOAD_CORE = '1';

const HOST = '127.0.0.1';

export type SystemName = 'moldau' | 'kafka' | 'kafka-fsync';

export interface Server {
  /** host:port */
  readonly address: string;
  /** From the spawn of its command until it answered ApiVersions, in milliseconds. */
  readonly startMs: number;
  /** The processes whose CPU and memory are the server's. */
  pids(): number[];
  /** Fails when the server has died, with the end of its output. */
  check(): void;
  /** The end of what the server itself has printed. */
  tail(): string;
  stop(): Promise<void>;
}

export interface System {
  readonly name: SystemName;
  /** What a table calls it. */
  readonly title: string;
  /** Starts it on a free port with its data in `dir`, which may hold the data of an earlier run. */
  start(dir: string): Promise<Server>;
}

export interface ServerCommand {
  readonly command: (port: number) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs: number;
  /** Which processes of the tree are the server, by name; all when absent. */
  readonly process?: (name: string) => boolean;
}

/** Starts a server pinned to its core and waits until it answers. */
export async function startServer(title: string, how: ServerCommand): Promise<Server> {
  const port = await freePort();
  const child = startChild(['taskset', '-c', SERVER_CORE, ...how.command(port)], how);
  let ended: string | undefined;
  child.exited.then(
    ({ code, signal }) => (ended = `ended with ${signal ?? `exit code ${code}`}`),
    (error: Error) => (ended = error.message),
  );
  const answeredAt = await firstAnswer(
    HOST,
    port,
    child.spawnedAt + how.timeoutMs,
    () => ended !== undefined,
  );
  const fail = (what: string) => new Error(`${title} ${what}. The end of its output:\n${child.tail()}`);
  if (answeredAt === undefined) {
    const reason = fail(ended ?? `did not answer on port ${port} within ${how.timeoutMs / 1000} s`);
    await child.stop(0);
    throw reason;
  }
  return {
    address: `${HOST}:${port}`,
    startMs: answeredAt - child.spawnedAt,
    pids: () => processTree(child.pid, how.process),
    check() {
      if (ended !== undefined) throw fail(`${ended} in the middle of the run`);
    },
    tail: () => child.tail(),
    stop: () => child.stop(),
  };
}
