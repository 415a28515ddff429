// What all actors of a simulated run share: the cluster, what is known of every partition and group, and what contradicts the promises.
import { ErrorCode, errorName } from '@moldau/protocol';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { GroupHistory } from './group-history.ts';
import type { PartitionHistory } from './partition-history.ts';

/** What any simulated run has. */
export interface SimulatedRun {
  readonly cluster: SimulatedCluster;
  /** Faults are over; whoever makes work brings it to its end. */
  draining: boolean;
  /** Everyone ends. */
  over: boolean;
  readonly violations: string[];
  /** Ends the run: nothing good can come any more. */
  readonly abandon: () => void;
}

export interface World extends SimulatedRun {
  /** By `topic/partition`. */
  readonly partitions: ReadonlyMap<string, PartitionHistory>;
  readonly group: GroupHistory;
}

/** A run with this many violations has shown enough. */
const MAX_VIOLATIONS = 20;

/** Notes what contradicts a promise. */
export function violated(world: SimulatedRun, what: string): void {
  world.violations.push(`${world.cluster.scheduler.clock.monotonic().toFixed(2)} ms: ${what}`);
  if (world.violations.length >= MAX_VIOLATIONS) world.abandon();
}

/** Simulated time that a whole run may take, in ms. */
const RUN_LIMIT_MS = 1_000_000;

/** Runs `everything` in the simulated world, or until it is `abandoned`. What breaks the run off is noted too. */
export async function drive(
  world: SimulatedRun,
  everything: () => Promise<void>,
  abandoned: Promise<void>,
): Promise<void> {
  try {
    await world.cluster.scheduler.run(Promise.race([everything(), abandoned]), { limitMs: RUN_LIMIT_MS });
  } catch (error) {
    // A defect of the broker or of the simulation: something threw, or hangs.
    violated(world, `the run broke off: ${(error as Error).stack ?? String(error)}`);
  }
}

/** Errors after which a client tries again, in Kafka's clients and here. */
const PASSING: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.REQUEST_TIMED_OUT,
]);

/** Whether to try again; an error that is not `passing` nor among `expected` contradicts a promise and is noted. */
export function mayRetry(
  world: SimulatedRun,
  what: string,
  code: number,
  expected: readonly ErrorCode[] = [],
): boolean {
  if (PASSING.has(code)) return true;
  if (!(expected as readonly number[]).includes(code))
    violated(world, `${what} was answered with ${errorName(code)}`);
  return false;
}

/** A number from `from` to `to`, both included. */
export function between(random: SeededRandom, from: number, to: number): number {
  return from + random.integer(to - from + 1);
}
