// `npm run test:connect`: a Kafka Connect worker in distributed mode, its own topics compacted, moves a file through a topic into
// another file while the broker and then the worker are SIGKILLed. See README.md.
import { parseArgs } from 'node:util';
import { JavaPrograms } from '../crash/java-programs.ts';
import { startTestedBroker } from '../crash/tested-broker.ts';
import { isToleratedGap } from '../interop/missing-tool.ts';
import { runConnect } from './run-connect.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '20000' },
    'no-kills': { type: 'boolean', default: false },
    'at-least-once': { type: 'boolean', default: false },
    brokers: { type: 'string', default: '3' },
    broker: { type: 'string' },
    bootstrap: { type: 'string' },
    seed: { type: 'string' },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const exactlyOnce = !values['at-least-once'];
const count = { passed: 0, failed: 0, skipped: 0 };

async function run(): Promise<void> {
  const programs = await JavaPrograms.install('java-connect', import.meta.dirname);
  const broker = await startTestedBroker({
    bootstrap: values.bootstrap,
    command: values.broker,
    brokers: Number(values.brokers),
  });
  try {
    const { figures, violations } = await runConnect({
      broker,
      programs,
      lines: Number(values.lines),
      kills: !values['no-kills'],
      exactlyOnce,
      seed,
      say,
    });
    for (const violation of violations.slice(0, 10)) say(`VIOLATION ${violation}`);
    const name = `connect, source ${exactlyOnce ? 'exactly once' : 'at least once'}`;
    say(`${name}: ${figures}; ${violations.length} violations (seed ${seed})`);
    count[violations.length === 0 ? 'passed' : 'failed'] += 1;
  } catch (error) {
    say(`the broker's last words: ${broker.process?.log.slice(-1500) ?? ''}`);
    throw error;
  } finally {
    await broker.end();
  }
}

try {
  await run();
} catch (error) {
  count[isToleratedGap(error) ? 'skipped' : 'failed'] += 1;
  say(`connect (seed ${seed}): ${error instanceof Error ? error.message : String(error)}`);
}
say(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 ? 0 : 1;
