// Structured logs, one JSON object a line on stderr (or a line for people on a terminal), by pino. Quiet by default: one line at start, one at stop, warnings that help.
import { pino, type Logger as PinoLogger } from 'pino';
import { terminalLine } from './terminal-format.ts';

/** `logger.warn({ topic, partition, err }, 'what happened and what to do')` */
export type Logger = PinoLogger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * A logger that writes to stderr, synchronously: what is said just before the end is not lost, and stdout belongs to the READY line.
 * @param terminal lines for a person instead of JSON
 */
export function createLogger(level: LogLevel, terminal: boolean): Logger {
  const stderr = pino.destination({ dest: 2, sync: true });
  // Nobody may read the log any more (a closed pipe, a full disk): that is no reason to stop.
  stderr.on('error', () => {});
  const destination = terminal
    ? { write: (line: string): boolean => stderr.write(terminalLine(line)) }
    : stderr;
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** Says nothing: for tests. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
