// How compaction works, for all logs of a store; what it does to a single log are settings of that log (LogConfig).

export interface CleanerSettings {
  /** `log.cleaner.enable`. */
  readonly enabled: boolean;
  /** `log.cleaner.dedupe.buffer.size`: memory for the keys of one pass, 24 bytes a key. */
  readonly dedupeBufferBytes: number;
  /** `log.cleaner.io.buffer.load.factor`: the share of that memory that is filled; more keys, and longer searches. */
  readonly dedupeLoadFactor: number;
  /** `log.cleaner.io.max.bytes.per.second`: how much is read at most, of both reads of a pass. */
  readonly ioBytesPerSecond: number;
  /** `log.cleaner.backoff.ms`: how long to wait when no log is worth compacting. */
  readonly backoffMs: number;
}

export const DEFAULT_CLEANER_SETTINGS: CleanerSettings = {
  enabled: true,
  dedupeBufferBytes: 128 * 1024 * 1024,
  dedupeLoadFactor: 0.9,
  ioBytesPerSecond: Number.MAX_VALUE,
  backoffMs: 15_000,
};
