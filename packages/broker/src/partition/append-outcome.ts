// How an append ended, in the terms of a produce answer.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { RecordProblem } from './check-produced.ts';

export interface AppendOutcome {
  readonly error: ErrorCode;
  readonly message: string | null;
  /** Of the first record; -1 when nothing was appended. */
  readonly baseOffset: number;
  /** Milliseconds since 1970 with LogAppendTime, else -1. */
  readonly logAppendTimeMs: number;
  /** The records that are to blame for a refusal (KIP-467); empty when it is not about single records. */
  readonly recordProblems: readonly RecordProblem[];
}

const NO_RECORDS: readonly RecordProblem[] = [];

export function success(baseOffset: number, logAppendTimeMs: number): AppendOutcome {
  return { error: ErrorCode.NONE, message: null, baseOffset, logAppendTimeMs, recordProblems: NO_RECORDS };
}

export function refusal(
  error: ErrorCode,
  message: string | null,
  recordProblems = NO_RECORDS,
): AppendOutcome {
  return { error, message, baseOffset: -1, logAppendTimeMs: -1, recordProblems };
}
