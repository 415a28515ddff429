// OpenTelemetry's metrics as clients push them, for tests: written by hand, so that the reader is not tested against itself.

export type Field = readonly [
  number: number,
  value: Uint8Array | { readonly varint: number } | { readonly double: number },
];

/** One Protocol Buffers message. */
export function message(...fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (value instanceof Uint8Array)
        return Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);
      if ('varint' in value) return Buffer.concat([varint(number * 8), varint(value.varint)]);
      const eight = Buffer.alloc(8);
      eight.writeDoubleLE(value.double);
      return Buffer.concat([varint(number * 8 + 1), eight]);
    }),
  );
}

export const text = (value: string): Uint8Array => Buffer.from(value);

export interface MetricToPush {
  readonly name: string;
  readonly kind: 'gauge' | 'total' | 'delta';
  readonly value: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** MetricsData with one resource and one scope. */
export function metricsData(...metrics: readonly MetricToPush[]): Uint8Array {
  return message([1, message([2, message(...metrics.map((metric): Field => [2, metricOf(metric)]))])]);
}

function metricOf({ name, kind, value, attributes = {} }: MetricToPush): Uint8Array {
  const point = message(
    [3, { double: 0 }], // a moment: eight bytes that nobody reads
    ...Object.entries(attributes).map(([key, item]): Field => [
      7,
      message([1, text(key)], [2, message([1, text(item)])]),
    ]),
    [4, { double: value }],
  );
  if (kind === 'gauge') return message([1, text(name)], [5, message([1, point])]);
  const temporality = { varint: kind === 'delta' ? 1 : 2 };
  return message([1, text(name)], [7, message([1, point], [2, temporality], [3, { varint: 1 }])]);
}

function varint(value: number): Uint8Array {
  const bytes = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}
