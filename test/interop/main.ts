// `npm run test:interop`: clients that nobody here wrote, doing with Moldau what they do with Apache Kafka. Every scenario must
// pass against Apache Kafka itself (`--bootstrap`), or it is the scenario that is wrong. See README.md.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { here } from './cache-folder.ts';
import type { ClientSource } from './client.ts';
import { allClients } from './clients/all-clients.ts';
import { installClientsNode } from './clients-node/folder.ts';
import { loadRows } from './dataset.ts';
import { startMoldau } from './moldau-process.ts';
import { parseOptions, USAGE, type InteropOptions } from './options.ts';
import { resultTable, summary, type Result } from './result.ts';
import { writeRowsFile } from './rows-file.ts';
import { runClient } from './run-client.ts';

async function main(): Promise<number> {
  let options: InteropOptions;
  try {
    options = parseOptions(process.argv.slice(2));
    for (const name of options.clients ?? []) {
      if (!allClients.some((client) => client.name === name)) {
        throw new Error(`--client ${name}: known are ${allClients.map((client) => client.name).join(', ')}`);
      }
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 2;
  }
  if (options.librdkafka) {
    const { runLibrdkafka } = await import('./librdkafka/run-librdkafka.ts');
    return await runLibrdkafka(options);
  }
  const results: Result[] = [];
  const started = performance.now();
  await runClients(options, results);
  if (options.clients === undefined && options.scenarios === undefined) await runCodecSuites(results);
  const { line, ok } = summary(results);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`\n${resultTable(results)}\n\ninterop: ${seconds} s\n${line}\n`);
  return ok ? 0 : 1;
}

async function runClients(options: InteropOptions, results: Result[]): Promise<void> {
  await installClientsNode();
  const rows = loadRows(Date.now());
  writeRowsFile(rows);
  const moldau =
    options.bootstrap === undefined
      ? await startMoldau(['--set', 'group.initial.rebalance.delay.ms=0'])
      : undefined;
  const bootstrap = moldau?.bootstrap ?? options.bootstrap ?? '';
  process.stdout.write(
    `interop: ${moldau === undefined ? 'broker' : `moldau (ready in ${moldau.readyMs.toFixed(0)} ms)`} at ${bootstrap}\n`,
  );
  const queue: ClientSource[] = allClients.filter(({ name }) => options.clients?.includes(name) ?? true);
  const worker = async (): Promise<void> => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      await runClient({
        source,
        bootstrap,
        rows,
        wanted: ({ name }) => options.scenarios?.some((part) => name.includes(part)) ?? true,
        report(result) {
          results.push(result);
          const mark = { pass: 'ok  ', fail: 'FAIL', skip: 'skip' }[result.outcome];
          process.stdout.write(
            `${mark} ${result.client}: ${result.scenario} (${result.seconds.toFixed(1)} s) ${result.reason}`.trimEnd() +
              '\n',
          );
        },
      });
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
  if (moldau !== undefined) await checkEnd(moldau, results);
}

/** The broker must have lived through it all, and stop in an orderly way. */
async function checkEnd(moldau: Awaited<ReturnType<typeof startMoldau>>, results: Result[]): Promise<void> {
  const before = moldau.exited();
  const how = before ?? (await moldau.stop());
  const ok = before === undefined && how === 'ended with status 0';
  const reason = ok ? '' : `moldau ${how}: ${moldau.log()}`;
  results.push({
    client: 'moldau',
    scenario: 'lives, then stops on SIGTERM',
    outcome: ok ? 'pass' : 'fail',
    reason,
    seconds: 0,
  });
}

/** The comparisons with Java's own codecs; each counts for one line of the table. */
async function runCodecSuites(results: Result[]): Promise<void> {
  const suites = [
    { file: 'java-codec/java-codec.ts', run: 'runJavaCodec' },
    { file: 'java-records/java-records.ts', run: 'runJavaRecords' },
  ];
  for (const { file, run } of suites) {
    const path = join(here, file);
    if (!existsSync(path)) continue;
    const started = performance.now();
    let outcome: Result['outcome'] = 'pass';
    let reason = '';
    try {
      const module = (await import(pathToFileURL(path).href)) as Record<string, () => Promise<unknown>>;
      await module[run]?.();
    } catch (error) {
      outcome = 'fail';
      reason = error instanceof Error ? error.message : String(error);
    }
    const seconds = (performance.now() - started) / 1000;
    results.push({ client: 'Java codecs', scenario: run, outcome, reason, seconds });
  }
}

process.exitCode = await main();
