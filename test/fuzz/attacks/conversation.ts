// Well-formed requests with random content, one after the other: each must be answered, by an answer to it that our own codec
// can read, or the connection closed. This is what finds a handler that throws.
import { responseHeaderVersion, Reader, ApiKey } from '@moldau/protocol';
import { responseHeader } from '@moldau/protocol/generated/response-header.ts';
import type { Attack, Target } from '../attack.ts';
import type { RandomRequest } from '../random-request.ts';
import { HANG_MS, Wire } from '../wire.ts';

/** Their answer may wait for other members, for as long as the group's time-outs say. */
const WAITING: ReadonlySet<number> = new Set([ApiKey.JoinGroup, ApiKey.SyncGroup]);
const UNKNOWN_SERVER_ERROR = -1;

export const conversation: Attack = {
  name: 'conversation',
  async run(target, random) {
    using wire = await Wire.open(target.host, target.port);
    if (wire === undefined) return;
    for (let turns = 1 + random(20); turns > 0 && !wire.ended; turns--) {
      const request = target.requests.next();
      await wire.send(request.frame);
      target.count('requests');
      if (WAITING.has(request.apiKey)) return; // and leave, without having waited
      if (request.apiKey === ApiKey.Produce && request.message['acks'] === 0) continue;
      const answer = await wire.frame();
      if (answer !== undefined) check(target, request, answer);
      else if (!wire.ended) {
        target.findings.add(`no answer within ${HANG_MS / 1000} s`, describe(target, request));
        return;
      } else {
        target.count('requests answered by closing');
        target.notes.add(
          `closed instead of answering ${label(target, request)} v${request.apiVersion}`,
          describe(target, request),
        );
      }
    }
  },
};

function check(target: Target, request: RandomRequest, answer: Buffer): void {
  target.count('answers');
  const api = target.apis.get(request.apiKey);
  try {
    const reader = new Reader(answer);
    const header = responseHeader.decode(reader, responseHeaderVersion(request.apiKey, request.apiVersion));
    if (header.correlationId !== request.correlationId) {
      throw new Error(`correlation id ${header.correlationId} instead of ${request.correlationId}`);
    }
    const message = api?.response.codec.decode(reader, request.apiVersion);
    reader.expectEnd();
    if (hasError(message, UNKNOWN_SERVER_ERROR)) {
      target.findings.add(`UNKNOWN_SERVER_ERROR from ${label(target, request)}`, describe(target, request));
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    target.findings.add(
      `unreadable answer from ${label(target, request)}: ${why}`,
      describe(target, request),
    );
  }
}

/** Whether any `errorCode` in the message is this one. */
function hasError(value: unknown, code: number): boolean {
  if (Array.isArray(value)) return value.some((item) => hasError(item, code));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.entries(value).some(
    ([field, item]) => (field === 'errorCode' && item === code) || hasError(item, code),
  );
}

function label(target: Target, request: RandomRequest): string {
  return target.apis.get(request.apiKey)?.request.message.name ?? `API ${request.apiKey}`;
}

function describe(target: Target, request: RandomRequest): string {
  return `${label(target, request)} v${request.apiVersion}, frame ${request.frame.toString('base64').slice(0, 600)}`;
}
