// What a client is told when a coordinator has no answer of its own, of groups and of transactions alike.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import { CoordinatorError, type CoordinatorErrorCode } from './coordinator-error.ts';

const ERRORS: Readonly<Record<CoordinatorErrorCode, ErrorName>> = {
  LOADING: 'COORDINATOR_LOAD_IN_PROGRESS',
  NOT_COORDINATOR: 'NOT_COORDINATOR',
  UNAVAILABLE: 'COORDINATOR_NOT_AVAILABLE',
  TOO_LARGE: 'UNKNOWN_SERVER_ERROR',
};

/** The error that stands for it. Other errors are defects and are thrown on. */
export function unanswered(error: unknown): ErrorName {
  if (!(error instanceof CoordinatorError)) throw error;
  return ERRORS[error.code];
}
