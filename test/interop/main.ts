// `npm run test:interop`: clients that nobody here wrote, doing with Moldau what they do with Apache Kafka. Every scenario must
// pass against Apache Kafka itself (`--bootstrap`), or it is the scenario that is wrong. See README.md.
import { runAdoptSuite } from './adopt/run-adopt.ts';
import type { ClientSource } from './client.ts';
import { allClients } from './clients/all-clients.ts';
import { installClientsNode } from './clients-node/folder.ts';
import { loadRows } from './dataset.ts';
import { runJavaCodec } from './java-codec/java-codec.ts';
import { runJavaRecords } from './java-records/run-java-records.ts';
import { isToleratedGap } from './missing-tool.ts';
import { startMoldau, type MoldauProcess } from './moldau-process.ts';
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
  let moldau: MoldauProcess | undefined;
  try {
    if (options.bootstrap === undefined)
      moldau = await startMoldau(['--set', 'group.initial.rebalance.delay.ms=0']);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    results.push({ client: 'moldau', scenario: 'starts', outcome: 'fail', reason, seconds: 0 });
    return;
  }
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
async function checkEnd(moldau: MoldauProcess, results: Result[]): Promise<void> {
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

/** The comparisons with Java's own codecs and files, a line of the table each. */
async function runCodecSuites(results: Result[]): Promise<void> {
  await runSuite(results, 'messages', async () => {
    const { pairs, layouts, messages, failures } = await runJavaCodec();
    return { said: `${pairs} (API, version) pairs and ${layouts} layouts, ${messages} messages`, failures };
  });
  await runSuite(results, 'record batches', async () => {
    const { checks, failures } = await runJavaRecords();
    return { said: `${checks} batches and records`, failures };
  });
  await runSuite(results, 'folders, both ways', async () => {
    const { lines, files, failures } = await runAdoptSuite();
    return {
      said: `${lines} lines of adopted folders, ${files} files read by Kafka's DumpLogSegments`,
      failures,
    };
  });
}

async function runSuite(
  results: Result[],
  scenario: string,
  run: () => Promise<{ said: string; failures: readonly string[] }>,
): Promise<void> {
  const started = performance.now();
  const client = "Kafka's Java classes";
  const report = (outcome: Result['outcome'], reason: string): void => {
    const seconds = (performance.now() - started) / 1000;
    results.push({ client, scenario, outcome, reason, seconds });
    process.stdout.write(`${outcome} ${client}: ${scenario} (${seconds.toFixed(1)} s) ${reason}\n`);
  };
  try {
    const { said, failures } = await run();
    if (failures.length === 0) report('pass', said);
    else report('fail', `${failures.length} differ, of ${said}: ${failures.slice(0, 5).join('; ')}`);
  } catch (error) {
    report(isToleratedGap(error) ? 'skip' : 'fail', error instanceof Error ? error.message : String(error));
  }
}

process.exitCode = await main();
