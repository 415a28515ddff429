// A member of a group that is a command-line tool: it prints records and rebalances as lines until it is told to stop.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Member, ReceivedRecord } from './client.ts';
import { Changing } from './deadline.ts';
import { Received } from './received.ts';

/** What a line of the tool says: a record, partitions given or taken away, or nothing of interest (undefined). */
export type Said =
  | { readonly record: ReceivedRecord }
  | { readonly assigned: readonly number[] }
  | { readonly revoked: readonly number[] }
  | undefined;

/** How long a tool may take to leave its group after SIGTERM. */
const LEAVE_MS = 15_000;

export class StreamingMember implements Member {
  readonly received = new Received();
  readonly assigned = new Set<number>();
  readonly changing = new Changing();
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #ending = false;
  #stderr = '';

  /** Starts the tool; `understand` is given each line that it prints, on either output. */
  constructor(command: string, args: readonly string[], understand: (line: string) => Said) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#heard(understand(line)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#stderr = `${this.#stderr}\n${line}`.slice(-2000);
      this.#heard(understand(line));
    });
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        if (!this.#ending) this.changing.fail(new Error(`${command} ${how}: ${this.#stderr}`));
        resolve();
      };
      child.on('error', (error) => end(`cannot be started (${error.message})`));
      child.on('close', (code, signal) => end(`ended with ${signal ?? `status ${code}`}`));
    });
  }

  async leave(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#ending = true;
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), LEAVE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #heard(said: Said): void {
    if (said === undefined) return;
    if ('record' in said) this.received.add(said.record);
    else if ('assigned' in said) for (const partition of said.assigned) this.assigned.add(partition);
    else for (const partition of said.revoked) this.assigned.delete(partition);
    this.changing.changed();
  }
}
