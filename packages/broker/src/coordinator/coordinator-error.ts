// Why a coordinator gave no answer of its own. These are operational failures; a Kafka outcome of the request itself (UNKNOWN_MEMBER_ID, ...)
// is a value in the answer. Whoever calls the coordinator turns the code into the Kafka error that its API has for it.
import { errorName, type ErrorCode } from '@moldau/protocol/generated/errors.ts';

/**
 * - `LOADING`          the state is being read from the log: the client tries again (COORDINATOR_LOAD_IN_PROGRESS)
 * - `NOT_COORDINATOR`  this broker does not lead the partition, or its state could not be loaded: the client looks for the coordinator again
 * - `UNAVAILABLE`      the records could not be made durable, or too many requests wait: nothing has changed, the client tries again (COORDINATOR_NOT_AVAILABLE)
 * - `TOO_LARGE`        the records do not fit into one batch of the log: trying again does not help
 */
export type CoordinatorErrorCode = 'LOADING' | 'NOT_COORDINATOR' | 'UNAVAILABLE' | 'TOO_LARGE';

export class CoordinatorError extends Error {
  override readonly name = 'CoordinatorError';
  readonly code: CoordinatorErrorCode;
  constructor(code: CoordinatorErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The partition did not take the records, or lost them before they were durable; `code` is Kafka's error. */
export class CoordinatorAppendError extends Error {
  override readonly name = 'CoordinatorAppendError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string | null) {
    super(`${errorName(code)}: ${message ?? 'the records of the coordinator were not stored'}`);
    this.code = code;
  }
}

/** What the partition said when it did not take the records of a request; undefined when there is no answer for another reason. */
export const appendErrorOf = (error: unknown): ErrorCode | undefined =>
  error instanceof CoordinatorError && error.cause instanceof CoordinatorAppendError
    ? error.cause.code
    : undefined;
