// One request of the comparison, and what a run against one server remembers from answer to answer.
import type { StructValue } from '../../packages/protocol/gen/interpreter.ts';

/** What earlier answers of the same server gave: ids that differ between servers and that later requests need. */
export interface Memory {
  /** In the names of topics and groups, so that every run has its own. */
  readonly run: string;
  topicId: Uint8Array;
  producerId: number;
  memberId: string;
  generationId: number;
  sessionId: number;
  /** The id of the only broker. */
  brokerId: number;
  /** Where it keeps its logs. */
  logDir: string;
  /** Producers with a name of their own. */
  readonly producers: Map<string, { readonly producerId: number; readonly producerEpoch: number }>;
  /** Where a partition begins from which records were deleted. */
  logStart: number;
  clientInstanceId: Uint8Array;
  subscriptionId: number;
}

export interface Step {
  /** Says what is asked, and names the step in the list of intended differences. */
  readonly name: string;
  /** Kafka's name of the API. */
  readonly api: string;
  /** Default: the highest. */
  readonly version?: number;
  readonly fields: (memory: Memory) => Record<string, unknown>;
  readonly keep?: (answer: StructValue, memory: Memory) => void;
  /** What of the answer is compared. Default: all of it. */
  readonly compared?: (answer: StructValue) => unknown;
  /** Kafka tells its brokers of changes a little later; ms to wait behind this step. */
  readonly settleMs?: number;
}

export function newMemory(run: string): Memory {
  return {
    run,
    topicId: new Uint8Array(16),
    producerId: -1,
    memberId: '',
    generationId: -1,
    sessionId: 0,
    brokerId: 0,
    logDir: '',
    producers: new Map(),
    logStart: 0,
    clientInstanceId: new Uint8Array(16),
    subscriptionId: 0,
  };
}
