// Asks again while a coordinator reads its partition after a restart: the one answer that only says "not yet".
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';

const NOT_YET: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
]);
const RETRY_MS = 20;
const LIMIT = 500;

export async function retryWhileLoading<Answer>(
  ask: () => Promise<{ error: number; answer: Answer }>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const { error, answer } = await ask();
    if (!NOT_YET.has(error)) return answer;
    if (attempt === LIMIT) throw new Error(`still not there after ${LIMIT} attempts (error ${error})`);
    await delay(RETRY_MS);
  }
}
