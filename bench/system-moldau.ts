// Moldau as a system under test: one process, durable (an acknowledged record has been through fdatasync).
import { join } from 'node:path';
import { startServer, type System } from './system.ts';

const START_TIMEOUT_MS = 30_000;
const DURABILITY = 'fsync';

function flags(port: number, dir: string): string[] {
  return ['--listen', `127.0.0.1:${port}`, '--data', dir, '--durability', DURABILITY];
}

/** Started as `npm start` starts it, without npm in between: the process measured is the server and nothing else. */
export function moldau(root: string, nodeFlags: readonly string[] = []): System {
  const program = [join(root, 'tools', 'run.mjs'), 'packages/cli/src/main.ts', 'serve'];
  return {
    name: 'moldau',
    title: 'Moldau (fsync before every acknowledgement)',
    start: (dir) =>
      startServer('Moldau', {
        command: (port) => [process.execPath, ...nodeFlags, ...program, ...flags(port, dir)],
        cwd: root,
        timeoutMs: START_TIMEOUT_MS,
      }),
  };
}

/** Started with `npm start`, as a person would: only its start time is of interest. */
export function moldauThroughNpm(root: string): System {
  return {
    name: 'moldau',
    title: 'Moldau through npm start',
    start: (dir) =>
      startServer('npm start', {
        command: (port) => ['npm', 'start', '--silent', '--', ...flags(port, dir)],
        cwd: root,
        timeoutMs: START_TIMEOUT_MS,
      }),
  };
}
