// A running agent: starts the program, pairs answers with operations, collects what its consumer reports.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Changing, DeadlineError, PATIENCE_MS, until } from '../deadline.ts';
import { Received } from '../received.ts';
import type { AgentAnswer, AgentEvent, AgentOperations } from './agent-messages.ts';

type Operation = keyof AgentOperations;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class AgentProcess {
  readonly received = new Received();
  readonly assigned = new Set<number>();
  readonly changing = new Changing();
  version = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #stderr = '';
  #leaving = false;

  private constructor(command: readonly string[]) {
    const [program, ...args] = command;
    this.#child = spawn(program ?? '', args, { stdio: 'pipe' });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#line(line));
    this.#child.stderr.on('data', (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString()).slice(-4000);
    });
    this.#child.stdin.on('error', () => {}); // its end is told by 'close'
    this.#ended = new Promise((resolve) => {
      const end = (why: string): void => {
        const failure = new Error(`agent ${args[0] ?? program}: ${why}. ${this.#stderr}`.trim());
        for (const waiting of this.#waiting.values()) waiting.reject(failure);
        this.#waiting.clear();
        if (!this.#leaving) this.changing.fail(failure);
        resolve();
      };
      this.#child.on('error', (error) => end(error.message));
      this.#child.on('close', (code, signal) => end(`ended with ${signal ?? `status ${code}`}`));
    });
  }

  /** Starts the agent; resolves when it has said that it is ready. */
  static async start(command: readonly string[]): Promise<AgentProcess> {
    const agent = new AgentProcess(command);
    await until([agent.changing], 'the agent to be ready', () => agent.version !== '');
    return agent;
  }

  /** Carries out one operation. Rejects with the agent's reason, when it dies, or after the usual patience. */
  ask<O extends Operation>(op: O, args: Parameters<AgentOperations[O]>[0]): ReturnType<AgentOperations[O]> {
    const id = this.#nextId++;
    const answer = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new DeadlineError(`${op}: no answer within ${PATIENCE_MS / 1000} s. ${this.#stderr}`.trim()));
      }, PATIENCE_MS);
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          clearTimeout(timer);
          settle(value);
        };
      };
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
    });
    this.#child.stdin.write(`${JSON.stringify({ id, op, ...args })}\n`);
    return answer as ReturnType<AgentOperations[O]>;
  }

  /** Asks it to end and waits; one that does not is killed. */
  async end(): Promise<void> {
    this.#leaving = true;
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#ended;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.#leaving = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #line(line: string): void {
    let message: AgentEvent | AgentAnswer;
    try {
      message = JSON.parse(line) as AgentEvent | AgentAnswer;
    } catch {
      this.#stderr += `(not JSON: ${line})`;
      return;
    }
    if ('event' in message) this.#event(message);
    else {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.result);
      else waiting?.reject(new Error(message.error));
    }
  }

  #event(message: AgentEvent): void {
    switch (message.event) {
      case 'ready':
        this.version = message.version;
        break;
      case 'record':
        this.received.add(message);
        break;
      case 'assigned':
        this.assigned.clear();
        for (const partition of message.partitions) this.assigned.add(partition);
        break;
      case 'failed':
        this.changing.fail(new Error(`the consumer gave up: ${message.error}`));
        break;
    }
    this.changing.changed();
  }
}
