// `moldau serve`: runs the broker in the foreground until SIGTERM or SIGINT.
//
// Exit codes: 0 stopped in order, 1 could not start or had to stop, 2 wrong arguments or settings.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { startBrokers, type RunningBrokers } from '@moldau/broker';
import { brokerSettingsFrom, type BrokerSettings } from '@moldau/broker/settings/broker-settings.ts';
import { LOG_LEVELS, createLogger, type LogLevel, type Logger } from '@moldau/broker/telemetry/logger.ts';
import type { Address } from '@moldau/runtime';
import { NodeClock } from '@moldau/runtime/node/node-clock.ts';
import { NodeDisk } from '@moldau/runtime/node/node-disk.ts';
import { NodeNetwork } from '@moldau/runtime/node/node-network.ts';
import { NodeRandom } from '@moldau/runtime/node/node-random.ts';
import { InvalidArgumentError, Option, type Command } from 'commander';

/** How long a clean stop may take before the process ends anyway, in ms. What was acknowledged is durable by then. */
const STOP_LIMIT_MS = 5000;
const MAX_BROKERS = 100;
const DEFAULT_ADDRESS: Address = { host: '127.0.0.1', port: 9092 };
const EVERY_ADDRESS = '0.0.0.0';
const DEFAULT_DATA = './data';

interface ServeOptions {
  readonly listen?: { host: string; port: number };
  readonly data?: string;
  readonly brokers: number;
  readonly config?: string;
  readonly set: readonly string[];
  readonly durability: 'fsync' | 'os';
  readonly logLevel: LogLevel;
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the broker in the foreground; prints "READY host:port" once every broker answers')
    .option(
      '--listen <host:port>',
      'where to listen; further brokers take the next ports (port 0: any free ones) (default: listeners, or 127.0.0.1:9092)',
      parseAddress,
    )
    .option('--data <folder>', 'where the data lies; made if missing (default: log.dirs, or ./data)')
    .option('--brokers <n>', 'how many brokers to run in this process', parseBrokers, 1)
    .option('--config <file>', "settings as in Kafka's server.properties")
    .option(
      '--set <key=value>',
      'one setting, over those of the file; may be repeated',
      (value, all: string[]) => [...all, value],
      [],
    )
    .addOption(
      new Option(
        '--durability <mode>',
        'fsync: acknowledged means on disk; os: acknowledged means in the page cache, as Kafka does',
      )
        .choices(['fsync', 'os'])
        .default('fsync'),
    )
    .addOption(
      new Option('--log-level <level>', 'how much to log on stderr').choices([...LOG_LEVELS]).default('info'),
    )
    .action((options: ServeOptions) => serve(options));
}

function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !Number.isInteger(port) || port > 65_535) {
    throw new InvalidArgumentError('it has the form host:port, for example 127.0.0.1:9092 or [::1]:9092');
  }
  return { host, port };
}

function parseBrokers(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_BROKERS)
    throw new InvalidArgumentError(`it is a number from 1 to ${MAX_BROKERS}`);
  return count;
}

async function serve(options: ServeOptions): Promise<void> {
  const logger = createLogger(options.logLevel, process.stderr.isTTY);
  const settings = readSettings(options, logger);
  if (settings === undefined) {
    process.exitCode = 2;
    return;
  }
  const place = placeOf(options, settings);
  let running: RunningBrokers;
  try {
    running = await startBrokers({
      runtime: {
        clock: new NodeClock(),
        random: new NodeRandom(),
        disk: new NodeDisk(),
        network: new NodeNetwork(),
      },
      folder: place.data,
      listen: place.listen,
      brokers: options.brokers,
      durability: options.durability,
      settings,
      logger,
      onFatal: (reason) => {
        logger.fatal({ err: reason }, 'the broker stops: what it cannot store it must not acknowledge');
        process.exit(1);
      },
    });
  } catch (error) {
    logger.debug({ err: error }, 'start failed');
    process.stderr.write(`moldau: the broker could not start: ${reasonOf(error as NodeJS.ErrnoException)}\n`);
    process.exit(1);
  }
  stopOnSignal(running, logger);
  announce(running, options, place, logger);
}

/** The settings of file and command line, or undefined when they are not valid: every problem has been said then. */
function readSettings(options: ServeOptions, logger: Logger): BrokerSettings | undefined {
  let file = '';
  try {
    if (options.config !== undefined) file = readFileSync(options.config, 'utf8');
  } catch (error) {
    process.stderr.write(`moldau: the settings file cannot be read: ${(error as Error).message}\n`);
    return undefined;
  }
  const { settings, problems, warnings } = brokerSettingsFrom(file, options.set);
  for (const warning of warnings) logger.warn(warning);
  for (const problem of problems) process.stderr.write(`moldau: ${problem}\n`);
  return problems.length > 0 ? undefined : settings;
}

interface Place {
  readonly listen: Address;
  readonly data: string;
}

/** Flags come before settings, settings before defaults. */
function placeOf(options: ServeOptions, settings: BrokerSettings): Place {
  const { listener } = settings;
  const configured =
    listener === undefined
      ? DEFAULT_ADDRESS
      : { ...listener, host: listener.host === '' ? EVERY_ADDRESS : listener.host };
  return {
    listen: options.listen ?? configured,
    data: resolve(options.data ?? settings.logDir ?? DEFAULT_DATA),
  };
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE')
    return `${error.message}. Another program listens there: stop it, or choose another port with --listen.`;
  return error.message;
}

/** The READY line is for programs; where to connect and where the data is, for people and logs. */
function announce(running: RunningBrokers, options: ServeOptions, place: Place, logger: Logger): void {
  const addresses = running.addresses
    .map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`))
    .join(',');
  logger.info(
    {
      bootstrapServers: addresses,
      data: place.data,
      durability: options.durability,
      readyMs: Math.round(performance.now()),
    },
    'ready: connect any Kafka client to bootstrapServers',
  );
  // Whoever waited for the line may be gone after it; the broker goes on without a reader.
  process.stdout.on('error', () => {});
  process.stdout.write(`READY ${addresses}\n`);
}

function stopOnSignal(running: RunningBrokers, logger: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      logger.error('the stop took too long; the next start recovers from the write-ahead log');
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
    running.stop().then(
      () => {
        logger.info({ signal }, 'stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'the stop failed; the next start recovers from the write-ahead log');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
