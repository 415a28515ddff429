// What of the foreign clients' APIs the agents use. Declared here rather than taken from their own types, so that the project
// type-checks on a clone where this package was never installed; the agents running at all proves that it is true.

declare module 'kafkajs' {
  export interface Headers {
    [name: string]: Buffer | string | (Buffer | string)[] | undefined;
  }
  export interface KafkaMessage {
    key: Buffer | null;
    value: Buffer | null;
    timestamp: string;
    offset: string;
    headers?: Headers;
  }
  export interface PartitionOffset {
    partition: number;
    offset: string;
  }
  export interface Admin {
    connect(): Promise<void>;
    createTopics(options: {
      topics: { topic: string; numPartitions: number }[];
      waitForLeaders: boolean;
    }): Promise<boolean>;
    createPartitions(options: { topicPartitions: { topic: string; count: number }[] }): Promise<boolean>;
    fetchTopicMetadata(options: { topics: string[] }): Promise<{ topics: { partitions: unknown[] }[] }>;
    fetchTopicOffsetsByTimestamp(topic: string, timestamp: number): Promise<PartitionOffset[]>;
    fetchOffsets(options: {
      groupId: string;
      topics: string[];
    }): Promise<{ topic: string; partitions: PartitionOffset[] }[]>;
  }
  export interface Producer {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    send(record: {
      topic: string;
      acks?: number;
      compression?: number;
      messages: { key: string; value: string; headers?: Record<string, string>; timestamp?: string }[];
    }): Promise<{ errorCode: number }[]>;
  }
  export interface Consumer {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    subscribe(options: { topics: string[]; fromBeginning: boolean }): Promise<void>;
    run(options: {
      autoCommit: boolean;
      eachBatch(payload: {
        batch: { partition: number; messages: KafkaMessage[] };
        resolveOffset: (offset: string) => void;
        isRunning: () => boolean;
        isStale: () => boolean;
      }): Promise<void>;
    }): Promise<void>;
    seek(position: { topic: string; partition: number; offset: string }): void;
    commitOffsets(positions: { topic: string; partition: number; offset: string }[]): Promise<void>;
    on(
      event: 'consumer.group_join',
      listener: (event: { payload: { memberAssignment: Record<string, number[]> } }) => void,
    ): void;
    on(event: 'consumer.rebalancing', listener: () => void): void;
    on(
      event: 'consumer.crash',
      listener: (event: { payload: { error: Error; restart: boolean } }) => void,
    ): void;
  }
  export class Kafka {
    constructor(options: {
      clientId: string;
      brokers: string[];
      logLevel: number;
      retry?: { retries: number };
    });
    admin(): Admin;
    producer(options: {
      createPartitioner: unknown;
      idempotent?: boolean;
      metadataMaxAge?: number;
      retry?: { retries: number };
    }): Producer;
    consumer(options: {
      groupId: string;
      sessionTimeout: number;
      heartbeatInterval: number;
      metadataMaxAge: number;
      maxWaitTimeInMs: number;
    }): Consumer;
  }
  export interface KafkaCodec {
    compress(encoder: { buffer: Buffer }): Promise<Buffer>;
    decompress(buffer: Buffer): Promise<Buffer>;
  }
  const kafkajs: {
    Kafka: typeof Kafka;
    Partitioners: { DefaultPartitioner: unknown };
    logLevel: { NOTHING: number; ERROR: number; WARN: number };
    CompressionTypes: { None: number; GZIP: number; Snappy: number; LZ4: number; ZSTD: number };
    CompressionCodecs: Record<number, () => KafkaCodec>;
  };
  export default kafkajs;
}

declare module 'kafkajs-snappy' {
  import type { KafkaCodec } from 'kafkajs';
  export default function codec(): KafkaCodec;
}

declare module '@platformatic/kafka' {
  export interface BaseOptions {
    clientId: string;
    bootstrapBrokers: string[];
    metadataMaxAge?: number;
  }
  export class Admin {
    constructor(options: BaseOptions);
    createTopics(options: { topics: string[]; partitions: number; replicas: number }): Promise<unknown>;
    createPartitions(options: {
      topics: { name: string; count: number; assignments: { brokerIds: number[] }[] | null }[];
    }): Promise<void>;
    metadata(options: {
      topics: string[];
      forceUpdate: boolean;
    }): Promise<{ topics: Map<string, { partitionsCount: number }> }>;
    listConsumerGroupOffsets(options: { groups: string[] }): Promise<
      {
        groupId: string;
        topics: { name: string; partitions: { partitionIndex: number; committedOffset: bigint }[] }[];
      }[]
    >;
    close(): Promise<void>;
  }
  export interface Serde {
    key: unknown;
    value: unknown;
    headerKey: unknown;
    headerValue: unknown;
  }
  export const stringSerializers: Serde;
  export const stringDeserializers: Serde;
  export class Producer {
    constructor(options: BaseOptions & { serializers: Serde; idempotent: boolean });
    send(options: {
      acks: number;
      compression: string;
      messages: {
        topic: string;
        key: string;
        value: string;
        headers: Record<string, string>;
        timestamp: bigint;
      }[];
    }): Promise<unknown>;
    close(): Promise<void>;
  }
  export interface Message {
    partition: number;
    offset: bigint;
    timestamp: bigint;
    key: string;
    value: string;
    headers: Map<string, string>;
  }
  export interface MessagesStream {
    on(event: 'data', listener: (message: Message) => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    close(): Promise<void>;
  }
  export class Consumer {
    readonly assignments: { topic: string; partitions: number[] }[] | null;
    readonly memberId: string | null;
    constructor(
      options: BaseOptions & {
        groupId: string;
        deserializers: Serde;
        sessionTimeout: number;
        rebalanceTimeout?: number;
        heartbeatInterval: number;
        maxWaitTime: number;
      },
    );
    consume(options: {
      topics: string[];
      mode: 'committed' | 'manual';
      fallbackMode?: 'earliest';
      offsets?: { topic: string; partition: number; offset: bigint }[];
      autocommit: boolean;
    }): Promise<MessagesStream>;
    commit(options: {
      offsets: { topic: string; partition: number; offset: bigint; leaderEpoch: number }[];
    }): Promise<void>;
    listOffsets(options: { topics: string[]; timestamp: bigint }): Promise<Map<string, bigint[]>>;
    on(event: 'consumer:group:join' | 'consumer:group:rebalance', listener: () => void): void;
    close(force?: boolean): Promise<void>;
  }
}
