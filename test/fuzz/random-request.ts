// Random requests that a broker can read: every API, every version, all fields drawn at random by the schema, then some of them
// made plausible, so that they get past the first checks.
import { ApiKey, requestHeaderVersion, Writer } from '@moldau/protocol';
import { newRequestHeader, requestHeader } from '@moldau/protocol/generated/request-header.ts';
import { buildBatch } from '@moldau/protocol/records/index.ts';
import { generatedCodecs, type CodecUnderTest } from '../../packages/protocol/gen/generated-codecs.ts';
import type { StructValue } from '../../packages/protocol/gen/interpreter.ts';
import { randomMessage, type RandomBelow } from '../../packages/protocol/gen/random-message.ts';
import { framed } from './wire.ts';
import type { KnownNames } from './known-names.ts';

export interface RandomRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly message: StructValue;
  /** The whole frame, its length included. */
  readonly frame: Buffer;
}

export interface ApiCodecs {
  readonly request: CodecUnderTest;
  readonly response: CodecUnderTest;
}

/**
 * Requests that change the whole cluster when they are well-formed, and so may rightly harm the normal client: moving other
 * topics' partitions, throttling every client, taking a broker out.
 */
const OF_THE_WHOLE_CLUSTER: ReadonlySet<number> = new Set([
  ApiKey.AlterPartitionReassignments,
  ApiKey.AlterClientQuotas,
  ApiKey.AlterReplicaLogDirs,
  ApiKey.UpdateFeatures,
  ApiKey.UnregisterBroker,
  ApiKey.AddRaftVoter,
  ApiKey.RemoveRaftVoter,
  ApiKey.UpdateRaftVoter,
]);

/** The codecs of all APIs that are thrown, by key. */
export async function apiCodecs(): Promise<ReadonlyMap<number, ApiCodecs>> {
  const all = await generatedCodecs();
  const apis = new Map<number, ApiCodecs>();
  for (const request of all) {
    const key = request.message.apiKey;
    if (OF_THE_WHOLE_CLUSTER.has(key)) continue;
    if (key < 0 || !request.message.name.endsWith('Request') || request.versions.length === 0) continue;
    const name = request.message.name.replace(/Request$/, 'Response');
    const response = all.find(({ message }) => message.apiKey === key && message.name === name);
    if (response !== undefined) apis.set(key, { request, response });
  }
  return apis;
}

/** Makes random requests of the given APIs. */
export class RequestMaker {
  readonly #apis: readonly ApiCodecs[];
  readonly #names: KnownNames;
  readonly #random: RandomBelow;
  #correlationId = 0;

  constructor(apis: readonly ApiCodecs[], names: KnownNames, random: RandomBelow) {
    this.#apis = apis;
    this.#names = names;
    this.#random = random;
  }

  next(): RandomRequest {
    const random = this.#random;
    for (;;) {
      const { request } = this.#apis[random(this.#apis.length)]!;
      const apiVersion = request.versions[random(request.versions.length)]!;
      const apiKey = request.message.apiKey;
      const message = randomMessage(request.message, apiVersion, random);
      this.#makePlausible(message);
      const correlationId = (this.#correlationId = (this.#correlationId + 1) | 0);
      const writer = new Writer();
      const header = newRequestHeader({
        requestApiKey: apiKey,
        requestApiVersion: apiVersion,
        correlationId,
        clientId: random(4) === 0 ? null : 'fuzz',
      });
      try {
        requestHeader.encode(writer, header, requestHeaderVersion(apiKey, apiVersion));
        request.codec.encode(writer, message, apiVersion);
      } catch {
        continue; // a combination that the version cannot carry
      }
      return { apiKey, apiVersion, correlationId, message, frame: framed(writer.toBytes()) };
    }
  }

  /** Replaces names, ids, waits and record sets, all the way down. Names always: random ones would create topics without end. */
  #makePlausible(struct: StructValue): void {
    for (const [field, value] of Object.entries(struct)) {
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) {
          if (isStruct(item)) this.#makePlausible(item);
          else if (typeof item === 'string') value[index] = this.#name(field, item);
        }
      } else if (isStruct(value)) this.#makePlausible(value);
      else struct[field] = this.#field(field, value);
    }
  }

  #field(field: string, value: unknown): unknown {
    const random = this.#random;
    if (typeof value === 'string') return this.#name(field, value);
    if (value instanceof Uint8Array && field === 'topicId') return this.#topic().id;
    if (value instanceof Uint8Array && field === 'records' && random(3) > 0) return this.#batch();
    if (typeof value !== 'number') return value;
    if (/^(maxWaitMs|timeoutMs|rebalanceTimeoutMs)$/.test(field)) return random(200);
    if (field === 'sessionTimeoutMs') return 6000 + random(1000);
    if (/^(partition|partitionIndex|partitionId|index)$/i.test(field) && random(4) > 0) return random(3);
    // Creating tens of thousands of partitions is allowed, and would be all that this run does.
    if (/^(numPartitions|count)$/.test(field)) return random(8) - 1;
    if (/^(currentLeaderEpoch|leaderEpoch|fetchOffset|offset|replicaId)$/.test(field) && random(3) > 0)
      return random(3) - 1;
    if (/^(producerId|producerEpoch|baseSequence)$/.test(field) && random(2) > 0) return -1;
    return value;
  }

  #name(field: string, value: string): string {
    const random = this.#random;
    if (/topic|^name$|resourceName/i.test(field))
      return random(16) === 0 ? `not/${value.slice(0, 5)}` : this.#topic().name;
    if (/group|^key$|coordinatorKeys/i.test(field))
      return this.#names.groups[random(this.#names.groups.length)]!;
    if (/protocolType/.test(field)) return random(4) > 0 ? 'consumer' : value;
    return value;
  }

  #topic(): KnownNames['topics'][number] {
    return this.#names.topics[this.#random(this.#names.topics.length)]!;
  }

  #batch(): Uint8Array {
    const random = this.#random;
    const records = Array.from({ length: 1 + random(5) }, (_, index) => ({
      timestamp: 1_700_000_000_000 + index,
      key: random(3) === 0 ? null : Buffer.from(`key-${random(10)}`),
      value: Buffer.alloc(random(200), 'v'),
    }));
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
    return buildBatch({ records, codec: codecs[random(codecs.length)]! });
  }
}

function isStruct(value: unknown): value is StructValue {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}
