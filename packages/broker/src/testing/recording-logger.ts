// A logger for tests: keeps what is logged at level `warn` and above as text, so that a test can look at it, or print it when it fails.
import { pino } from 'pino';
import type { Logger } from '../telemetry/logger.ts';

/** Appends each line, as JSON, to `lines`. */
export function recordingLogger(lines: string[]): Logger {
  return pino(
    { level: 'warn', base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    { write: (line) => void lines.push(line.trim()) },
  );
}
