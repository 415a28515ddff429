// Whether the broker still answers: ApiVersions on a new connection, again and again, beside the attack and after it.
import { Reader } from '@moldau/protocol';
import { apiVersionsResponse } from '@moldau/protocol/generated/api-versions.ts';
import { Wire } from './wire.ts';

/** ApiVersions v0, correlation id 9, client id null. */
const ASK = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 9, 0xff, 0xff]);

export interface ProbeAnswer {
  readonly ms: number;
  readonly apis: { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[];
}

/** Rejects when there is no connection, no answer within `withinMs`, or not the right one. */
export async function probe(host: string, port: number, withinMs: number): Promise<ProbeAnswer> {
  const started = performance.now();
  using wire = await Wire.open(host, port);
  if (wire === undefined) throw new Error('the connection was refused');
  await wire.send(ASK);
  const frame = await wire.frame(withinMs);
  if (frame === undefined)
    throw new Error(wire.ended ? 'the connection was closed' : `no answer within ${withinMs} ms`);
  const reader = new Reader(frame);
  if (reader.int32('correlationId') !== 9) throw new Error('another correlation id');
  const { apiKeys } = apiVersionsResponse.decode(reader, 0);
  return { ms: performance.now() - started, apis: apiKeys };
}
