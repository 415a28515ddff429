// A program under test that runs beside the broker: its lines on stdout are told as they come, the end of its standard input asks it
// to end. That end comes also when this process dies, however it dies, so that no program is left behind.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ProgramOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly onLine?: (line: string) => void;
  /** Called when it ends without having been asked to. */
  readonly onFailure?: (error: Error) => void;
  /** A file that gets all of its stderr; the last thousands of characters are kept in memory anyway. */
  readonly logFile?: string;
  readonly cwd?: string;
}

export class ProgramProcess {
  readonly name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<string>;
  readonly #logFile: WriteStream | undefined;
  #askedToEnd = false;
  #log = '';
  #lastLine = '';

  constructor(options: ProgramOptions) {
    this.name = options.name;
    const [command = '', ...args] = options.command;
    const child = spawn(command, args, {
      stdio: 'pipe',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#child = child;
    this.#logFile =
      options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: 'a' });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#lastLine = line;
      options.onLine?.(line);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-8000);
      this.#logFile?.write(bytes);
    });
    child.stdin.on('error', () => {}); // its end is told by 'close'
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#logFile?.end();
        resolve(how);
        if (!this.#askedToEnd)
          options.onFailure?.(new Error(`${this.name} ${how}: ${this.#log.slice(-2000)}`));
      };
      child.on('error', (error) => end(`cannot be started (${error.message})`));
      child.on('close', (code, signal) =>
        end(signal === null ? `ended with status ${code}` : `ended by ${signal}`),
      );
    });
  }

  /** The last thousands of characters that it wrote to stderr. */
  get log(): string {
    return this.#log;
  }

  /** The last line on stdout: where programs of these tests put their figures. */
  get lastLine(): string {
    return this.#lastLine;
  }

  /** SIGKILL, without a word. */
  async kill(): Promise<void> {
    this.#askedToEnd = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to end; SIGKILL after `patienceMs`. Resolves to how it ended. */
  async stop(patienceMs = 60_000): Promise<string> {
    this.#askedToEnd = true;
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    const how = await this.#ended;
    clearTimeout(timer);
    return how;
  }
}
