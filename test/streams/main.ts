// `npm run test:streams`: Kafka Streams with processing.guarantee=exactly_once_v2, each program once without faults and once with the
// broker SIGKILLed under way; both runs must give exactly what follows from the input. See README.md.
import { parseArgs } from 'node:util';
import { JavaPrograms } from '../crash/java-programs.ts';
import { startTestedBroker } from '../crash/tested-broker.ts';
import { isToleratedGap } from '../interop/missing-tool.ts';
import { runStreams } from './run-streams.ts';
import { windowedJoin } from './windowed-join.ts';
import { wordCount } from './word-count.ts';

const PARTITIONS = 4;

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '60000' },
    kills: { type: 'string', default: '5' },
    only: { type: 'string' },
    brokers: { type: 'string', default: '3' },
    broker: { type: 'string' },
    bootstrap: { type: 'string' },
    seed: { type: 'string' },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const records = Number(values.records);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
// Whole seconds, so that the times of one run's records are the times of the other's.
const now = Math.floor(Date.now() / 1000) * 1000;
const cases = [
  wordCount(records, PARTITIONS, seed, now),
  windowedJoin(Math.floor(records / 2), PARTITIONS, seed, now),
].filter(({ program }) => values.only === undefined || program === values.only);

let passed = 0;
let failed = 0;
let skipped = 0;

async function runAll(): Promise<void> {
  const programs = await JavaPrograms.install('java-streams', import.meta.dirname);
  const choice = { bootstrap: values.bootstrap, command: values.broker, brokers: Number(values.brokers) };
  for (const streamsCase of cases) {
    for (const faults of [false, true]) {
      if (faults && (values.bootstrap !== undefined || values.kills === '0')) continue;
      const broker = await startTestedBroker(choice);
      const name = `${streamsCase.program}, ${faults ? 'with faults' : 'without faults'}`;
      try {
        const kills = faults ? Number(values.kills) : 0;
        const { figures, violations } = await runStreams({
          case: streamsCase,
          partitions: PARTITIONS,
          broker,
          programs,
          kills,
          killProgram: faults,
          seed,
          say,
        });
        for (const violation of violations.slice(0, 10)) say(`VIOLATION ${violation}`);
        say(`${name}: ${figures}; ${violations.length} violations (seed ${seed})`);
        if (violations.length === 0) passed += 1;
        else failed += 1;
      } catch (error) {
        failed += 1;
        say(`${name}: FAILED (seed ${seed}): ${error instanceof Error ? error.message : String(error)}`);
        say(`  the broker's last words: ${broker.process?.log.slice(-1500) ?? ''}`);
      } finally {
        await broker.end();
      }
    }
  }
}

try {
  await runAll();
} catch (error) {
  if (isToleratedGap(error)) skipped += 1;
  else failed += 1;
  say(error instanceof Error ? error.message : String(error));
}

say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
