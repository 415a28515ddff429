// A broker whose data outlives its process: started, killed without warning, started again over the same folder and port. It is
// Moldau, or what a command line starts (Apache Kafka, as the oracle) that has its manners: "READY host:port,..." on stdout.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** How long a start may take, recovery included, in ms. */
const START_LIMIT_MS = 30_000;
const FOREIGN_START_LIMIT_MS = 120_000;

/** Those that run now: none outlives this process, unless this is SIGKILLed itself. */
const running = new Set<BrokerProcess>();
process.once('exit', () => {
  for (const broker of running) broker.abandon();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export class BrokerProcess {
  readonly #data: string;
  readonly #flags: readonly string[];
  readonly #command: string | undefined;
  #port: number;
  #bootstrap = '';
  #child: ChildProcess | undefined;
  #log = '';

  /**
   * @param port 0 for any free one; kept over restarts
   * @param command instead of Moldau: a shell command with `{port}` and `{data}` in it
   */
  constructor(data: string, port = 0, flags: readonly string[] = [], command?: string) {
    this.#data = data;
    this.#port = port;
    this.#flags = flags;
    this.#command = command;
  }

  get port(): number {
    return this.#port;
  }

  /** `host:port[,host:port...]` of the last READY line. */
  get bootstrap(): string {
    return this.#bootstrap;
  }

  /** The last thousands of characters that the process wrote to stderr. */
  get log(): string {
    return this.#log;
  }

  /** Starts the process and resolves when it serves. */
  async start(): Promise<void> {
    const child = this.#spawn();
    this.#child = child;
    running.add(this);
    child.stderr?.on('data', (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-8000);
    });
    const limitMs = this.#command === undefined ? START_LIMIT_MS : FOREIGN_START_LIMIT_MS;
    const limit = setTimeout(() => this.#signal(child, 'SIGKILL'), limitMs);
    try {
      for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
        const ready = /^READY ([^:]+:(\d+)\S*)/.exec(line);
        if (ready === null) continue;
        this.#bootstrap = ready[1] as string;
        this.#port = Number(ready[2]);
        return;
      }
      throw new Error(`the broker did not become ready:\n${this.#log}`);
    } finally {
      clearTimeout(limit);
    }
  }

  /** SIGKILL: the process ends between two instructions. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGKILL without waiting. */
  abandon(): void {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null) this.#signal(child, 'SIGKILL');
  }

  #spawn(): ChildProcess {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    if (this.#command !== undefined) {
      const command = this.#command.replaceAll('{port}', String(this.#port)).replaceAll('{data}', this.#data);
      // A process group of its own: the shell's children have to end with it.
      return spawn('sh', ['-c', `exec ${command}`], { stdio: [...stdio], detached: true });
    }
    const serve = ['serve', '--listen', `127.0.0.1:${this.#port}`, '--data', this.#data, ...this.#flags];
    const program = [join(root, 'tools', 'run.mjs'), 'packages/cli/src/main.ts', ...serve];
    return spawn(process.execPath, program, { cwd: root, stdio: [...stdio] });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    running.delete(this);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    this.#signal(child, signal);
    await exited;
  }

  #signal(child: ChildProcess, signal: NodeJS.Signals): void {
    if (this.#command === undefined || child.pid === undefined) return void child.kill(signal);
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended already.
    }
  }
}
