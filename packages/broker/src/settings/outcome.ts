// What became of one request for one thing: Kafka's error code, and a message where there is more to say than the code does.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';

export interface Outcome {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
}

export const SUCCESS: Outcome = { errorCode: ErrorCode.NONE, errorMessage: null };

export function refusal(errorCode: ErrorCode, errorMessage: string | null): Outcome {
  return { errorCode, errorMessage };
}
