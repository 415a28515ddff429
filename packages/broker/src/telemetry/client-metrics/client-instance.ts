// One client that takes part in telemetry (KIP-714), by the id it was given. When may it ask, when may it push:
//
//   ask  --> told what to push --> push --> push --> ... --> last push (terminating)
//    ^            at once the first time, then one every interval          |
//    +------ asks again: after an interval, or at once when its push       +--> nothing any more
//            was refused because what is asked of it has changed
//
// A pure state: the time is handed in. Must stay true: a client that comes too early changes nothing.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { ClientTask } from './subscription.ts';

/** What a push says about itself. */
export interface Push {
  readonly subscriptionId: number;
  readonly terminating: boolean;
  readonly compressionType: number;
  readonly bytes: number;
}

export interface PushLimits {
  /** `telemetry.max.bytes`: as sent, compressed. */
  readonly maxBytes: number;
  readonly supportsCompression: (type: number) => boolean;
}

/** After these refusals a client asks anew at once. */
const ASK_AGAIN: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.UNKNOWN_SUBSCRIPTION_ID,
  ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
]);

export class ClientInstance {
  readonly task: ClientTask;
  #lastAskMs = -Infinity;
  #lastPushMs = -Infinity;
  #lastError: ErrorCode = ErrorCode.NONE;
  #terminating = false;

  constructor(task: ClientTask) {
    this.task = task;
  }

  /** May it be told what to push? @param nowMs from a clock that never goes back */
  ask(nowMs: number): ErrorCode {
    const last = Math.max(this.#lastAskMs, this.#lastPushMs);
    const due = nowMs - last >= this.task.pushIntervalMs;
    if (!due && !ASK_AGAIN.has(this.#lastError)) return ErrorCode.THROTTLING_QUOTA_EXCEEDED;
    this.#lastAskMs = nowMs;
    this.#lastError = ErrorCode.NONE;
    return ErrorCode.NONE;
  }

  /** Is what it pushes taken? */
  push(push: Push, nowMs: number, limits: PushLimits): ErrorCode {
    this.#lastError = this.#pushError(push, nowMs, limits);
    this.#terminating = push.terminating;
    return this.#lastError;
  }

  #pushError(push: Push, nowMs: number, { maxBytes, supportsCompression }: PushLimits): ErrorCode {
    if (this.#terminating) return ErrorCode.INVALID_REQUEST;
    // The first push after asking comes at any time: clients spread them.
    const due = this.#lastAskMs > this.#lastPushMs || nowMs - this.#lastPushMs >= this.task.pushIntervalMs;
    if (due) this.#lastPushMs = nowMs;
    else if (!push.terminating) return ErrorCode.THROTTLING_QUOTA_EXCEEDED;
    if (push.subscriptionId !== this.task.subscriptionId) return ErrorCode.UNKNOWN_SUBSCRIPTION_ID;
    if (!supportsCompression(push.compressionType)) return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE;
    return push.bytes > maxBytes ? ErrorCode.TELEMETRY_TOO_LARGE : ErrorCode.NONE;
  }
}
