// What one run over a broker that keeps dying has written, been told, and has to find again. Shared by the writer, the committer and the final check.
export interface CrashRun {
  readonly topic: string;
  readonly partitions: number;
  /** By partition, then by number of the record: the offset in the acknowledgement. Numbers are acknowledged in order. */
  readonly acknowledged: number[][];
  /** By partition: how many records were handed to the wire at all. */
  readonly sent: number[];
  /** By partition: the highest offset whose commit was acknowledged, and the highest that was ever asked for. */
  readonly committed: number[];
  readonly commitAsked: number[];
  /** What contradicts the promises, in words. */
  readonly violations: string[];
}

export function newCrashRun(topic: string, partitions: number): CrashRun {
  const zeros = (): number[] => Array.from({ length: partitions }, () => 0);
  return {
    topic,
    partitions,
    acknowledged: Array.from({ length: partitions }, () => []),
    sent: zeros(),
    committed: zeros(),
    commitAsked: zeros(),
    violations: [],
  };
}

/** The value of record `number` of a partition: its place, then filling of a size that depends on it. */
export function recordValue(partition: number, number: number): Buffer {
  const value = Buffer.alloc(16 + ((number * 37) % 500), number & 0xff);
  value.writeInt32BE(partition, 0);
  value.writeInt32BE(number, 4);
  return value;
}
