// A Moldau process whose data outlives it: started, killed without warning, started again over the same folder and port.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** How long a start may take, recovery included, in ms. */
const START_LIMIT_MS = 30_000;

export class BrokerProcess {
  readonly #data: string;
  readonly #flags: readonly string[];
  #port: number;
  #child: ChildProcess | undefined;
  #log = '';

  /** @param port 0 for any free one; kept over restarts */
  constructor(data: string, port = 0, flags: readonly string[] = []) {
    this.#data = data;
    this.#port = port;
    this.#flags = flags;
  }

  get port(): number {
    return this.#port;
  }

  /** The last thousands of characters that the process wrote to stderr. */
  get log(): string {
    return this.#log;
  }

  /** Starts the process and resolves when it serves. */
  async start(): Promise<void> {
    const serve = ['serve', '--listen', `127.0.0.1:${this.#port}`, '--data', this.#data, ...this.#flags];
    const child = spawn(
      process.execPath,
      [join(root, 'tools', 'run.mjs'), 'packages/cli/src/main.ts', ...serve],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    child.stderr.on('data', (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-8000);
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        const ready = /^READY [^:]+:(\d+)/.exec(line);
        if (ready === null) continue;
        this.#port = Number(ready[1]);
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

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}
