// What a client pushes: OpenTelemetry's MetricsData (v1), a Protocol Buffers message. Read here: the numbers.
//
//   MetricsData > ResourceMetrics 1 > ScopeMetrics 2 > Metric 2: name 1, gauge 5 | sum 7
//                                                                   > data point 1: attributes 7, double 4 | integer 6, flags 8
//
// Kafka's clients push gauges and sums. Histograms and summaries, which none of them sends, are counted as skipped.
import { ProtobufReader } from './protobuf-reader.ts';

/** One number of one metric. */
export interface MetricPoint {
  readonly name: string;
  /** Sorted by name. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** `gauge`: the value now. `total`: a sum since the client's start. `delta`: what was added since the last push. */
  readonly kind: 'gauge' | 'total' | 'delta';
  readonly value: number;
}

export interface DecodedMetrics {
  readonly points: readonly MetricPoint[];
  /** Data points that were left out: of other kinds, without a value, or beyond `maxPoints`. */
  readonly skipped: number;
}

const DELTA = 1;
const NO_RECORDED_VALUE = 1;

/** @throws ProtobufError when the bytes are not such a message */
export function decodeMetrics(bytes: Uint8Array, maxPoints: number): DecodedMetrics {
  const decoder = new MetricsDecoder(maxPoints);
  for (const resource of messagesIn(bytes, 1))
    for (const scope of messagesIn(resource, 2))
      for (const metric of messagesIn(scope, 2)) decoder.metric(metric);
  return { points: decoder.points, skipped: decoder.skipped };
}

class MetricsDecoder {
  readonly points: MetricPoint[] = [];
  skipped = 0;
  readonly #maxPoints: number;

  constructor(maxPoints: number) {
    this.#maxPoints = maxPoints;
  }

  metric(bytes: Uint8Array): void {
    const reader = new ProtobufReader(bytes);
    let name = '';
    // The name may stand behind the values.
    const found: { readonly sum: boolean; readonly body: Uint8Array }[] = [];
    while (reader.next()) {
      if (reader.field === 1) name = reader.takeText();
      else if (reader.field === 5 || reader.field === 7)
        found.push({ sum: reader.field === 7, body: reader.takeBytes() });
      else if (reader.field >= 9 && reader.field <= 11) this.#skipPoints(reader.takeBytes());
      else reader.skip();
    }
    for (const { sum, body } of found) this.#points(name, sum, body);
  }

  #points(name: string, sum: boolean, body: Uint8Array): void {
    const kind = sum ? (temporality(body) === DELTA ? 'delta' : 'total') : 'gauge';
    for (const point of messagesIn(body, 1)) {
      const read = this.points.length < this.#maxPoints ? readPoint(point) : undefined;
      if (read === undefined) this.skipped += 1;
      else this.points.push({ name, kind, ...read });
    }
  }

  #skipPoints(body: Uint8Array): void {
    for (const _point of messagesIn(body, 1)) this.skipped += 1;
  }
}

function temporality(sum: Uint8Array): number {
  const reader = new ProtobufReader(sum);
  let found = 0;
  while (reader.next()) {
    if (reader.field === 2) found = reader.takeVarint();
    else reader.skip();
  }
  return found;
}

/** Undefined when it has no number. */
function readPoint(bytes: Uint8Array): Pick<MetricPoint, 'attributes' | 'value'> | undefined {
  const reader = new ProtobufReader(bytes);
  let value: number | undefined;
  let flags = 0;
  const attributes: [string, string][] = [];
  while (reader.next()) {
    if (reader.field === 4) value = reader.takeDouble();
    else if (reader.field === 6) value = reader.takeFixed64();
    else if (reader.field === 7) attributes.push(readAttribute(reader.takeBytes()));
    else if (reader.field === 8 && reader.wireType === 0) flags = reader.takeVarint();
    else reader.skip();
  }
  if (value === undefined || flags % 2 === NO_RECORDED_VALUE) return undefined;
  return { attributes: attributes.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)), value };
}

function readAttribute(bytes: Uint8Array): [string, string] {
  const reader = new ProtobufReader(bytes);
  let [key, value] = ['', ''];
  while (reader.next()) {
    if (reader.field === 1) key = reader.takeText();
    else if (reader.field === 2) value = readAnyValue(reader.takeBytes());
    else reader.skip();
  }
  return [key, value];
}

/** As text; lists and maps, which clients do not use here, are empty. */
function readAnyValue(bytes: Uint8Array): string {
  const reader = new ProtobufReader(bytes);
  let text = '';
  while (reader.next()) {
    if (reader.field === 1) text = reader.takeText();
    else if (reader.field === 2) text = String(reader.takeVarint() !== 0);
    else if (reader.field === 3) text = String(reader.takeVarint());
    else if (reader.field === 4) text = String(reader.takeDouble());
    else reader.skip();
  }
  return text;
}

/** The messages in field `number` of a message. */
function* messagesIn(bytes: Uint8Array, number: number): IterableIterator<Uint8Array> {
  const reader = new ProtobufReader(bytes);
  while (reader.next()) {
    if (reader.field === number) yield reader.takeBytes();
    else reader.skip();
  }
}
