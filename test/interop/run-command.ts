// Runs a program to its end, with a deadline, and gives its output; a failure shows what the program said.
import { spawn } from 'node:child_process';
import { PATIENCE_MS } from './deadline.ts';

export interface CommandOptions {
  /** Text for its standard input. */
  readonly input?: string | undefined;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** Resolves to the program's standard output. Rejects with both outputs when it fails or takes longer than the deadline. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const deadlineMs = options.deadlineMs ?? PATIENCE_MS;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, deadlineMs);
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    // A program that ends without reading its input is judged by its exit status, not by the broken pipe.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(new Error(`cannot run ${command}: ${cause.message}`, { cause }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const text = Buffer.concat(out).toString();
      if (code === 0) return resolve(text);
      const how = late
        ? `took longer than ${deadlineMs / 1000} s`
        : `ended with ${signal ?? `status ${code}`}`;
      const said = `${Buffer.concat(err).toString()}\n${text}`.trim().slice(-2000);
      reject(new Error(`${[command, ...args].join(' ').slice(0, 300)} ${how}: ${said}`));
    });
  });
}
