// `moldau dump-log`: prints files of a log, Kafka's or ours. The broker may run: files are only read.
//
// Exit codes: 0 all could be read, 1 something is damaged or cannot be read, 2 wrong arguments.
import { resolve } from 'node:path';
import { DUMPED_NAMES } from '@moldau/broker/dump/dumped-names.ts';
import type { DumpRow } from '@moldau/broker/dump/dump-row.ts';
import type { RecordDecoder } from '@moldau/broker/dump/record-decoders.ts';
import { DiskError } from '@moldau/runtime';
import { NodeDisk } from '@moldau/runtime/node/node-disk.ts';
import { Option, type Command } from 'commander';

/** So much text is gathered before it is written. */
const CHUNK_CHARACTERS = 64 * 1024;

interface DumpLogOptions {
  readonly printDataLog?: boolean;
  readonly json?: boolean;
  readonly offsetsDecoder?: boolean;
  readonly transactionLogDecoder?: boolean;
  readonly clusterMetadataDecoder?: boolean;
  readonly shareGroupStateDecoder?: boolean;
  readonly plain?: boolean;
}

export function addDumpLog(program: Command): void {
  const others = ['transactionLogDecoder', 'clusterMetadataDecoder', 'shareGroupStateDecoder', 'plain'];
  program
    .command('dump-log')
    .description(`print files of a log, of Kafka or of Moldau, and where they are damaged: ${DUMPED_NAMES}`)
    .argument('<files...>', 'files, each named as a broker names it')
    .option('--print-data-log', 'print the records too, not only the headers of batches')
    .option('--json', 'one JSON object a line')
    .addOption(
      new Option('--offsets-decoder', 'the records are those of __consumer_offsets').conflicts(others),
    )
    .addOption(
      new Option('--transaction-log-decoder', 'the records are those of __transaction_state').conflicts(
        others.slice(1),
      ),
    )
    .addOption(
      new Option('--cluster-metadata-decoder', 'the records are those of __cluster_metadata').conflicts(
        others.slice(2),
      ),
    )
    .addOption(
      new Option('--share-group-state-decoder', 'the records are those of __share_group_state').conflicts(
        others.slice(3),
      ),
    )
    .option('--plain', "show keys and values as they are, also where the folder's name tells what they mean")
    .action((files: string[], options: DumpLogOptions) => run(files, options));
}

async function run(files: readonly string[], options: DumpLogOptions): Promise<void> {
  const { dumpFile } = await import('@moldau/broker/dump/dump-file.ts');
  const { rowAsJson, rowAsText } = await import('@moldau/broker/dump/dump-row.ts');
  const output = new Output(options.json === true ? rowAsJson : rowAsText);
  const disk = new NodeDisk();
  const decoder = decoderOf(options);
  let damages = 0;
  for (const file of files) {
    try {
      const found = await dumpFile(resolve(file), {
        disk,
        decoder,
        records: options.printDataLog === true || (decoder !== undefined && decoder !== 'none'),
        sink: (row) => output.row(row),
      });
      await output.flush();
      if (found === undefined) {
        process.stderr.write(
          `moldau: ${file}: the name does not say what is in it. Known are ${DUMPED_NAMES}.\n`,
        );
      } else if (found > 0) {
        process.stderr.write(
          `moldau: ${file}: damaged in ${found} places, see the lines that begin with damage.\n`,
        );
      }
      damages += found ?? 1;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      await output.flush();
      process.stderr.write(`moldau: ${error.message}\n`);
      damages += 1;
    }
  }
  if (damages > 0) process.exitCode = 1;
}

function decoderOf(options: DumpLogOptions): RecordDecoder | undefined {
  if (options.offsetsDecoder === true) return 'offsets';
  if (options.transactionLogDecoder === true) return 'transactions';
  if (options.clusterMetadataDecoder === true) return 'metadata';
  if (options.shareGroupStateDecoder === true) return 'share-state';
  return options.plain === true ? 'none' : undefined;
}

/** Rows to stdout, as fast as its reader takes them and no faster. */
class Output {
  readonly #format: (row: DumpRow) => string;
  #text = '';

  constructor(format: (row: DumpRow) => string) {
    this.#format = format;
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // Whoever read has seen enough (head, less).
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }

  row(row: DumpRow): Promise<void> | void {
    this.#text += `${this.#format(row)}\n`;
    if (this.#text.length >= CHUNK_CHARACTERS) return this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text === '' || process.stdout.write(text)) return;
    await new Promise<void>((resume) => process.stdout.once('drain', resume));
  }
}
