// `npm run format`: writes every file the way the formatter wants it.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const result = spawnSync(join(root, 'node_modules', '.bin', 'oxfmt'), ['.'], { cwd: root, stdio: 'inherit' });
process.exitCode = result.status ?? 1;
