// What all logs of one store share.
import type { Clock, Disk } from '@moldau/runtime';

import type { LogError } from '../partition-log.ts';
import type { CleanerSettings } from './compaction/cleaner-settings.ts';
import type { CommitMember } from './group-commit.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import type { OpenFiles } from './open-files.ts';
import type { ReadCache } from './read-cache.ts';
import type { LocalLogSettings } from './settings.ts';
import type { TailMemory } from './tail-memory.ts';

export interface LogLogger {
  info?(details: Readonly<Record<string, unknown>>, message: string): void;
  warn(details: Readonly<Record<string, unknown>>, message: string): void;
}

export interface LogContext {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly folder: string;
  readonly settings: LocalLogSettings;
  readonly files: OpenFiles;
  readonly memory: TailMemory<LocalPartitionLog>;
  readonly cache: ReadCache;
  readonly commit: {
    /** Puts what the partition has into the next group commit. */
    add(member: CommitMember): void;
    /** The next frame to become durable. */
    readonly nextSequence: number;
  };
  readonly logger: LogLogger | undefined;
  /** How compaction works, as it is set now. */
  cleaner(): CleanerSettings;
  /** Why appends are refused at present: the disk is full, or the engine has failed. */
  refusal(): LogError | undefined;
  /** The partition has something that no checkpoint covers. */
  dirty(log: LocalPartitionLog): void;
  /** Resolves once a checkpoint that covers all of `log` up to now is durable. */
  checkpointed(log: LocalPartitionLog): Promise<void>;
  /** Something failed while writing in the background: decides between waiting for space and giving up. */
  writeFailed(error: unknown): LogError;
}
