// Something this machine does not have (a JDK, Go, Python, a Debian package). On a developer's machine that skips a client with
// one clear line; with CI=true it is a failure, so that a gap never hides behind green.
import { spawnSync } from 'node:child_process';

export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}

/** Whether an error is a gap of this machine that may be skipped here. */
export function isToleratedGap(error: unknown): boolean {
  return error instanceof MissingTool && process.env['CI'] !== 'true';
}

/** The first of these commands that is on the PATH; throws a MissingTool that says what it is needed for. */
export function needCommand(commands: readonly string[], purpose: string): string {
  const found = findCommand(commands);
  if (found === undefined)
    throw new MissingTool(`no ${commands.join(' or ')} on the PATH; it is needed to ${purpose}`);
  return found;
}

export function findCommand(commands: readonly string[]): string | undefined {
  const finder = process.platform === 'win32' ? 'where' : 'which';
  return commands.find((command) => spawnSync(finder, [command], { stdio: 'ignore' }).status === 0);
}
