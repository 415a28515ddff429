// Programs that the bench starts: servers, load generators, build steps.
//
// Each one becomes the leader of a process group of its own, so that stopping it stops what it started in turn (npm
// starts node, the Kafka script starts a JVM). What must stay true: nothing started here outlives the bench. `killAll`
// is synchronous and is called on every way out, ctrl-C included; no wait here is without a bound.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';

/** How a program ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program and, through its process group, everything it started. */
export interface Child {
  readonly pid: number;
  /** Milliseconds of `performance.now()` at the moment of the spawn. */
  readonly spawnedAt: number;
  readonly exited: Promise<Exit>;
  /** The last part of what it wrote to stdout and stderr, for error messages. */
  tail(): string;
  /** SIGTERM, then SIGKILL to the group after `graceMs`. Resolves when the program itself is gone. */
  stop(graceMs?: number): Promise<void>;
}

/** A program ended with a failure, or not in time. The message carries the end of its output. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code = 'COMMAND_FAILED';
}

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onStdout?: (text: string) => void;
}

const TAIL_BYTES = 4_000;
const STOP_GRACE_MS = 15_000;
const groups = new Set<number>();

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the whole group is gone already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Kills every process group started here that may still have members. Synchronous: usable in an exit handler. */
export function killAll(): void {
  for (const pid of groups) killGroup(pid, 'SIGKILL');
  groups.clear();
}

/** Starts a program; it is running when this returns, or the promise of its exit rejects with the reason. */
export function startChild(command: readonly string[], options: SpawnOptions = {}): Child {
  const [file, ...args] = command;
  if (file === undefined) throw new CommandFailed('an empty command cannot be started');
  const spawnedAt = performance.now();
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  let tail = '';
  const keep = (text: string) => {
    tail = (tail + text).slice(-TAIL_BYTES);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    keep(text);
    options.onStdout?.(text);
  });
  child.stderr.setEncoding('utf8').on('data', keep);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new CommandFailed(`cannot start ${file}: ${cause.message}`, { cause })),
    );
    // 'close', not 'exit': by then all of its output has been read.
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  exited.catch(() => {});
  const pid = child.pid ?? -1;
  if (pid > 0) groups.add(pid);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    pid,
    spawnedAt,
    exited,
    tail: () => tail.trim(),
    async stop(graceMs = STOP_GRACE_MS) {
      if (pid < 0) return;
      if (child.exitCode === null && child.signalCode === null) {
        killGroup(pid, 'SIGTERM');
        const hard = setTimeout(() => killGroup(pid, 'SIGKILL'), graceMs);
        await gone;
        clearTimeout(hard);
      }
      killGroup(pid, 'SIGKILL');
      groups.delete(pid);
    },
  };
}

/** Runs a program to its end and returns what it wrote to stdout. Fails on a non-zero exit or after `timeoutMs`. */
export async function run(
  command: readonly string[],
  options: SpawnOptions & { readonly timeoutMs: number },
): Promise<string> {
  let stdout = '';
  const child = startChild(command, {
    ...options,
    onStdout(text) {
      stdout += text;
      options.onStdout?.(text);
    },
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid, 'SIGKILL');
  }, options.timeoutMs);
  try {
    const { code, signal } = await child.exited;
    if (late)
      throw new CommandFailed(failure(command, `took more than ${options.timeoutMs / 1000} s`, child));
    if (code !== 0)
      throw new CommandFailed(failure(command, `ended with ${signal ?? `exit code ${code}`}`, child));
    return stdout;
  } finally {
    clearTimeout(timer);
    await child.stop(0);
  }
}

/** The program that does the work: what taskset starts, and of a JVM the tool. */
function programName(command: readonly string[]): string {
  const words = command[0] === 'taskset' ? command.slice(3) : command;
  const tool = words.find((word) => word.startsWith('org.apache.kafka.tools.'));
  return tool?.split('.').at(-1) ?? basename(words[0] ?? '');
}

function failure(command: readonly string[], what: string, child: Child): string {
  // What comes first goes into a report: it says what failed without naming places on this machine.
  return `${programName(command)} ${what}.\n${command.join(' ')}\nThe end of its output:\n${child.tail()}`;
}
