// `npm run check`: everything that can be said about the sources without running them. Prints one line a check, and
// what a failed one said; exits 1 if any failed.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layerProblems } from './layers.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');

interface Check {
  readonly name: string;
  readonly run: () => string | undefined;
}

/** Runs a program; undefined when it went well, else what it printed. */
function program(command: string, ...args: string[]): () => string | undefined {
  return () => {
    const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 });
    if (result.status === 0) return undefined;
    return result.error === undefined ? `${result.stdout}${result.stderr}` : String(result.error);
  };
}

const checks: readonly Check[] = [
  { name: 'format (npm run format mends it)', run: program(join(bin, 'oxfmt'), '--check', '.') },
  {
    name: 'lint',
    run: program(
      join(bin, 'oxlint'),
      '--type-aware',
      '--deny-warnings',
      'packages',
      'tools',
      'bench',
      'test',
    ),
  },
  { name: 'types', run: program(join(bin, 'tsc'), '-p', 'tsconfig.json') },
  { name: 'layers', run: () => layerProblems().join('\n') || undefined },
  {
    name: 'generated code (npm run gen mends it)',
    run: program(process.execPath, 'packages/protocol/gen/main.ts', '--check'),
  },
  {
    name: 'generated pages (npm run gen mends it)',
    run: program(process.execPath, 'tools/generated-pages.ts', '--check'),
  },
];

let failed = 0;
for (const check of checks) {
  const problem = check.run();
  process.stdout.write(`${problem === undefined ? 'ok    ' : 'FAILED'} ${check.name}\n`);
  if (problem === undefined) continue;
  failed += 1;
  process.stdout.write(`${problem.trimEnd()}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
