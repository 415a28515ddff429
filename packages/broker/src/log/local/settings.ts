// What can be set about the embedded log, with the defaults and why they are what they are. Bytes and milliseconds throughout.

/** `fsync`: a batch counts once it survives a power cut. `os`: once the operating system has it (survives a killed process). */
export type Durability = 'fsync' | 'os';

export interface LocalLogSettings {
  readonly durability: Durability;
  /** Size of one write-ahead log file, pre-allocated before its first use. A frame larger than this gets a file of its own size. */
  readonly walFileBytes: number;
  /** Commits wait for the checkpoint once this much of the write-ahead log is still needed. */
  readonly walMaxBytes: number;
  /** The checkpoint starts once this much of the write-ahead log lies in full files. */
  readonly walCheckpointBytes: number;
  /** Bytes of free write-ahead log files kept for the next run at a clean stop. */
  readonly walKeptBytes: number;
  /** A commit takes what waits, but not more than this (a single append is never split). */
  readonly commitMaxBytes: number;
  /** Batches kept in memory, of all partitions: those not yet in a segment, and behind them the newest for readers at the tail. */
  readonly tailMaxBytes: number;
  /** Writing tails to segments begins once this much of them is in no segment yet. */
  readonly flushBytes: number;
  /** `pressure` is on while more than this is in memory and in no segment; it goes off at half of it. */
  readonly pressureBytes: number;
  /** Appends are refused (NO_SPACE) beyond this: the last line of defence, for callers which ignore `pressure`. */
  readonly unwrittenMaxBytes: number;
  /** A commit of at least this many bytes per partition goes straight to the segments. */
  readonly directMinBytes: number;
  /** ... if it touches at most this many partitions. 0 turns the way off. */
  readonly directMaxPartitions: number;
  /** A checkpoint begins after so many bytes on that way: a start after a crash reads them once. */
  readonly directCheckpointBytes: number;
  /** A commit that is followed by none is recorded as durable after this long, so that later damage to it is told from a torn write. */
  readonly idleMarkMs: number;
  /** An orderly stop spends at most so long on bringing batches into segments; what is left stays in the write-ahead log for the next start. */
  readonly closeBudgetMs: number;
  /** Memory for what was read from segments. */
  readonly readCacheBytes: number;
  /** How much is read from a segment at a time, at least. */
  readonly readAheadBytes: number;
  /** Checks the CRC of every batch that is read from a segment. */
  readonly verifyReads: boolean;
  /** Segment files open at a time. */
  readonly maxOpenFiles: number;
  /** `log.retention.check.interval.ms`. */
  readonly retentionCheckIntervalMs: number;
  /** While the disk is full: how often to look whether it still is. */
  readonly diskFullProbeMs: number;
  /** Free space that ends the state of being full. */
  readonly diskFullReserveBytes: number;
}

const MB = 1024 * 1024;

export const DEFAULT_LOCAL_LOG_SETTINGS: LocalLogSettings = {
  durability: 'fsync',
  walFileBytes: 32 * MB,
  walMaxBytes: 1024 * MB,
  walCheckpointBytes: 512 * MB,
  walKeptBytes: 64 * MB,
  commitMaxBytes: 8 * MB,
  tailMaxBytes: 24 * MB,
  flushBytes: 8 * MB,
  pressureBytes: 16 * MB,
  unwrittenMaxBytes: 256 * MB,
  directMinBytes: 512 * 1024,
  directMaxPartitions: 4,
  directCheckpointBytes: 256 * MB,
  idleMarkMs: 50,
  closeBudgetMs: 2_000,
  readCacheBytes: 16 * MB,
  readAheadBytes: 1 * MB,
  verifyReads: true,
  maxOpenFiles: 1000,
  retentionCheckIntervalMs: 300_000,
  diskFullProbeMs: 1_000,
  diskFullReserveBytes: 64 * MB,
};
