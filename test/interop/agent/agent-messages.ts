// What an agent (a small program around one client library, in the library's language) and the suite say to each other, a JSON
// object a line:
//
//   agent's first line         {"event":"ready","version":"2.2.4"}
//   suite -> agent (stdin)     {"id":1,"op":"createTopic","topic":"t","partitions":3}
//   agent -> suite (stdout)    {"id":1,"result":null}   or   {"id":1,"error":"why"}
//   after "join", any time     {"event":"record","partition":0,"offset":5,"timestamp":1700000000000,"key":"k","value":"v","headers":{"h":"x"}}
//                              {"event":"assigned","partitions":[0,1,2]}    all it has now, after every change
//                              {"event":"failed","error":"why"}             the consumer gave up
//
// Operations are those of `AgentOperations`; each is answered when it is done. The end of stdin ends the agent. An agent writes
// nothing else to stdout; stderr is shown when something fails.
import type { Codec } from '../client.ts';

export interface AgentOperations {
  createTopic(args: { topic: string; partitions: number }): Promise<null>;
  partitionCount(args: { topic: string }): Promise<number>;
  addPartitions(args: { topic: string; total: number }): Promise<null>;
  /** Rows `from` to `to` (exclusive) of `file`, a `Row` a line; answered when all are acknowledged. */
  produce(args: { topic: string; codec: Codec; file: string; from: number; to: number }): Promise<null>;
  /** Partition (as text) to offset. */
  offsetsForTime(args: { topic: string; timestamp: number }): Promise<Record<string, number>>;
  committed(args: { group: string; topic: string }): Promise<Record<string, number>>;
  /** `startAt`: partition (as text) to the offset to start from. At most one join per agent process. */
  join(args: {
    topic: string;
    group: string;
    commits: boolean;
    sessionTimeoutMs: number;
    startAt: Record<string, number> | null;
  }): Promise<null>;
  leave(args: Record<string, never>): Promise<null>;
}

export type AgentEvent =
  | { readonly event: 'ready'; readonly version: string }
  | { readonly event: 'assigned'; readonly partitions: readonly number[] }
  | { readonly event: 'failed'; readonly error: string }
  | {
      readonly event: 'record';
      readonly partition: number;
      readonly offset: number;
      readonly timestamp: number;
      readonly key: string;
      readonly value: string;
      readonly headers: Readonly<Record<string, string>>;
    };

export interface AgentAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}
