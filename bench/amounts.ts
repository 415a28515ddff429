// How much is sent: enough for several seconds at the speed of a Java client on one core, for every record size.
export interface RecordSize {
  readonly title: string;
  readonly bytes: number;
  readonly records: number;
}

export const SIZES: readonly RecordSize[] = [
  { title: '100 B', bytes: 100, records: 4_000_000 },
  { title: '1 KB', bytes: 1_024, records: 1_000_000 },
  { title: '10 KB', bytes: 10_240, records: 120_000 },
];

/** The share of the records that a producer sends before its rate counts. */
const WARMUP_SHARE = 0.3;

export function produceAmount(
  size: RecordSize,
  scale: number,
): { readonly recordSize: number; readonly records: number; readonly warmupRecords: number } {
  const records = Math.ceil(size.records * scale);
  return { recordSize: size.bytes, records, warmupRecords: Math.floor(records * WARMUP_SHARE) };
}
