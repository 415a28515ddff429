// Why a coordinator gave no answer of its own. These are operational failures; a Kafka outcome of the request itself (UNKNOWN_MEMBER_ID, ...)
// is a value in the answer. Whoever calls the coordinator turns the code into the Kafka error that its API has for it.

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
