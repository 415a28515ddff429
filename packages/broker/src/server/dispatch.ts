// From the bytes of one request to the bytes of its answer: read the header, find the API, decode, handle, encode.
//
//   frame: [api key][version][correlation id][client id][tags] [body]
//   answer: [length][correlation id][tags] [body]
//
// What cannot be read ends the connection, as in Kafka: after a malformed request nothing that follows can be trusted. The one
// exception is ApiVersions in a version that is not known (KIP-511): answered in version 0 with UNSUPPORTED_VERSION and what there is.
// Bytes left over after a message are not looked at, as Kafka does not: librdkafka asks for all topics with three bytes too many
// (Metadata 9 and later: the length of its null array keeps room for four bytes where one is meant), and the frame says where the next
// request begins anyway.
//
// Must stay true: every request is answered exactly once; a defect in a handler ends one connection, not the broker.
import {
  ApiKey,
  DecodeError,
  Reader,
  Writer,
  requestHeaderVersion,
  responseHeaderVersion,
} from '@moldau/protocol';
import { apiVersionsResponse } from '@moldau/protocol/generated/api-versions.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { requestHeader } from '@moldau/protocol/generated/request-header.ts';
import { apiVersionsAnswer } from '../handlers/api-versions.ts';
import type { AnyApi, ClientConnection, Services } from '../handlers/services.ts';
import type { Answered, Received } from './request-pipeline.ts';
import { BROKER_PRINCIPAL } from '../security/acls/access.ts';
import { RunningRequest } from './running-request.ts';

const LENGTH_SIZE = 4;
/** Up to the correlation id, the header is the same in all versions. */
const FIXED_HEADER_SIZE = 8;

/** The peer sent what cannot be answered: the connection has to end. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** What a connection tells about itself. */
export interface Peer {
  readonly clientHost: string;
  readonly connection: ClientConnection;
  /** The name of the user; `ANONYMOUS` when nobody has authenticated. */
  readonly principal: string;
  /** Takes no request from it for so many ms from now; answers still leave. */
  mute(ms: number): void;
  onClosed(callback: () => void): () => void;
}

type Answer = (answered: Answered | undefined) => void;
type Fail = (error: Error) => void;

export class Dispatcher {
  readonly #services: Services;
  readonly #apis: ReadonlyMap<number, AnyApi>;

  constructor(services: Services, apis: ReadonlyMap<number, AnyApi>) {
    this.#services = services;
    this.#apis = apis;
  }

  /** Handles the request. Calls `answer` (undefined: none is expected) or `fail` (end the connection), exactly one of them, once. */
  dispatch(received: Received, peer: Peer, answer: Answer, fail: Fail): void {
    let handled: Handled;
    try {
      handled = this.#begin(received, peer);
    } catch (error) {
      fail(error as Error);
      return;
    }
    const { running, result } = handled;
    const muteThrottled = (): void => {
      if (running !== undefined && running.throttleMs > 0) peer.mute(running.throttleMs);
    };
    // What is known already holds back the requests that wait behind this one.
    muteThrottled();
    const finish = (response: unknown): void => {
      let answered: Answered | undefined;
      try {
        answered = response === undefined ? undefined : answerTo(handled, response);
      } catch (error) {
        fail(error as Error);
        return;
      }
      // The answer leaves at once; what is held back is the client's next request (KIP-219).
      muteThrottled();
      answer(answered);
    };
    if (result instanceof Promise) result.then(finish, fail);
    else finish(result);
  }

  #begin(received: Received, peer: Peer): Handled {
    const { frame } = received;
    if (frame.length < FIXED_HEADER_SIZE)
      throw new BadRequest(`a request of ${frame.length} bytes is shorter than its header`);
    const key = frame.readInt16BE(0);
    const version = frame.readInt16BE(2);
    const correlationId = frame.readInt32BE(4);
    const api = this.#apis.get(key);
    if (api === undefined)
      throw new BadRequest(`the request has API key ${key}, which this broker does not offer`);
    if (version < api.request.lowestVersion || version > api.request.highestVersion) {
      if (key === ApiKey.ApiVersions) return this.#unknownApiVersions(api, correlationId);
      throw new BadRequest(
        `${api.request.name} came in version ${version}; this broker takes ${api.request.lowestVersion} to ${api.request.highestVersion}`,
      );
    }
    const { quotas, clock } = this.#services;
    // Brokers are not held back by quotas that are meant for clients.
    const startedMs = quotas.active && peer.principal !== BROKER_PRINCIPAL ? clock.monotonic() : undefined;
    const reader = new Reader(frame, 0, frame.length, this.#services.settings.maxArrayLength);
    try {
      const header = requestHeader.decode(reader, requestHeaderVersion(key, version));
      const request = api.request.decode(reader, version);
      const clientId = header.clientId ?? '';
      const measured = startedMs === undefined ? undefined : quotas;
      const running = new RunningRequest(received, peer, { apiVersion: version, clientId }, clock, measured);
      running.startWork(startedMs);
      const result = api.handle(this.#services, running, request);
      running.pauseWork();
      return { api, version, correlationId, running, result };
    } catch (error) {
      if (error instanceof DecodeError)
        throw new BadRequest(`${api.request.name} version ${version} is malformed: ${error.message}`, {
          cause: error,
        });
      throw error;
    }
  }

  #unknownApiVersions(api: AnyApi, correlationId: number): Handled {
    const result = apiVersionsAnswer(this.#apis.values(), ErrorCode.UNSUPPORTED_VERSION);
    return {
      api: { ...api, response: apiVersionsResponse },
      version: 0,
      correlationId,
      running: undefined,
      result,
    };
  }
}

interface Handled {
  readonly api: AnyApi;
  readonly version: number;
  readonly correlationId: number;
  /** Undefined for a request that could not be read. */
  readonly running: RunningRequest | undefined;
  readonly result: unknown;
}

function answerTo({ api, version, correlationId, running }: Handled, response: unknown): Answered {
  running?.startWork();
  running?.throttleForWork();
  if (running !== undefined && running.throttleMs > 0)
    (response as { throttleTimeMs?: number }).throttleTimeMs = running.throttleMs;
  const chunks = encodeAnswer(api, version, correlationId, response);
  running?.finishWork();
  const sent = running?.sent ?? [];
  return { chunks, sent: sent.length === 0 ? undefined : () => sent.forEach((callback) => callback()) };
}

function encodeAnswer(
  api: AnyApi,
  version: number,
  correlationId: number,
  response: unknown,
): readonly Uint8Array[] {
  const writer = new Writer();
  writer.int32(0, 'length');
  writer.int32(correlationId, 'correlationId');
  if (responseHeaderVersion(api.request.apiKey, version) >= 1) writer.unknownTags(undefined);
  api.response.encode(writer, response, version);
  writer.patchInt32(0, writer.length - LENGTH_SIZE);
  return writer.finish();
}
