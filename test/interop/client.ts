// What a scenario can ask of a foreign client. One file in clients/ implements it for each; everything else here is
// written once, against these interfaces.
import type { Row } from './dataset.ts';
import type { Changing } from './deadline.ts';
import type { Received } from './received.ts';
import type { Scenario } from './scenario.ts';

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
export const CODECS: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** A record as the client handed it to its user. */
export interface ReceivedRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Rows `from` (inclusive) to `to` (exclusive) of the data set. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

export interface JoinOptions {
  readonly topic: string;
  readonly group: string;
  /** Whether the offsets of everything delivered are committed, at the latest when `leave` resolves. Never committed otherwise. */
  readonly commits: boolean;
  /** Where to start instead of at the committed offset or the earliest: both say the same, a client takes the one it can. */
  readonly startAt?: { readonly timestamp: number; readonly offsets: ReadonlyMap<number, number> };
}

/** One member of a consumer group, a process of its own. Starts at the earliest offset where the group has none. */
export interface Member {
  /** Everything delivered so far. */
  readonly received: Received;
  /** The partitions it has been given and not lost, as the client reports them. */
  readonly assigned: ReadonlySet<number>;
  /** Changes whenever `received` or `assigned` do. */
  readonly changing: Changing;
  /** Leaves the group in an orderly way. */
  leave(): Promise<void>;
  /** Dies by SIGKILL, without a word to the broker. Resolves when it is dead. */
  kill(): Promise<void>;
}

/** Parts of scenarios that a client may lack, as keys of `notOffered`: the scenario then goes another way. */
export const FEATURES = {
  committed: 'asking for committed offsets',
  findsPartitions: 'a running consumer finding new partitions',
} as const;

export interface InteropClient {
  readonly name: string;
  /** Of the client library, as it says itself. */
  readonly version: string;
  /** The codecs it can produce with; for the others, why not. */
  readonly codecs: Readonly<Record<Codec, true | string>>;
  /** Scenarios that the client cannot take part in, by name, and parts of scenarios (`FEATURES`), each with the reason. */
  readonly notOffered: Readonly<Record<string, string>>;
  /** Scenarios that only this client has. */
  readonly ownScenarios: readonly Scenario[];
  /** The headers that its producer gives to a row's record (some can only give the same ones to all). */
  headersOf(row: Row): Readonly<Record<string, string>>;

  createTopic(topic: string, partitions: number): Promise<void>;
  partitionCount(topic: string): Promise<number>;
  addPartitions(topic: string, total: number): Promise<void>;
  /** Resolves once every record is acknowledged by all replicas. A new producer each time, with the client's own partitioner. */
  produce(topic: string, codec: Codec, rows: RowRange): Promise<void>;
  /** The earliest offset of each partition whose record has this timestamp or a later one; the log's end or -1 where there is none. */
  offsetsForTime(topic: string, timestamp: number): Promise<ReadonlyMap<number, number>>;
  /** The group's committed offsets by partition. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
  join(options: JoinOptions): Promise<Member>;
  /** Ends what the client still runs. */
  close(): Promise<void>;
}

/** Where a client is got from. `prepare` installs what is missing into the cache folder, or throws a MissingTool. */
export interface ClientSource {
  readonly name: string;
  prepare(bootstrap: string): Promise<InteropClient>;
}
