// The JVM that runs one tool after the other; see ToolRunner.java.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DeadlineError, PATIENCE_MS } from '../deadline.ts';

interface Answer {
  readonly status: number;
  readonly output: string;
}

export class ToolRunner {
  readonly #child: ChildProcessWithoutNullStreams;
  /** Those waiting for an answer, in the order of their orders. */
  readonly #waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  readonly #ended: Promise<void>;
  #stderr = '';

  constructor(java: string, args: readonly string[]) {
    const child = spawn(java, [...args, 'ToolRunner'], { stdio: 'pipe' });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line) as Answer);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString()).slice(-2000);
    });
    child.stdin.on('error', () => {}); // its end is told by 'close'
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        for (const waiting of this.#waiting.splice(0))
          waiting.reject(new Error(`the JVM of the tools ${how}: ${this.#stderr}`));
        resolve();
      };
      child.on('error', (error) => end(`cannot be started (${error.message})`));
      child.on('close', (code, signal) => end(`ended with ${signal ?? `status ${code}`}`));
    });
  }

  /** Runs one tool (a class name) and gives what it printed. Rejects with that when it fails or takes too long. */
  async run(tool: string, args: readonly string[], input: string): Promise<string> {
    const { status, output } = await new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        // What the tool hangs in cannot be told apart from the next order: the JVM is of no more use.
        this.#child.kill('SIGKILL');
        reject(new DeadlineError(`${tool} ${args.join(' ')}: not done within ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          clearTimeout(timer);
          settle(value);
        };
      };
      this.#waiting.push({ resolve: settled(resolve), reject: settled(reject) });
      this.#child.stdin.write(`${JSON.stringify({ tool, args, input })}\n`);
    });
    if (status !== 0) {
      throw new Error(`${tool} ${args.join(' ')} ended with status ${status}: ${output.trim().slice(-2000)}`);
    }
    return output;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#ended;
    clearTimeout(timer);
  }
}
