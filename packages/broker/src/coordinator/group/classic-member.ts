// One member of a classic group, as an immutable value.
import type { ReplyId } from '../coordinator-shard.ts';

/** One way in which a member could take part, in its order of preference; the metadata is opaque to the coordinator. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export interface ClassicMember {
  readonly memberId: string;
  /** The name of a static member (KIP-345), null for a dynamic one. */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  /** As Kafka stores it: `/127.0.0.1`. */
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly protocols: readonly MemberProtocol[];
  readonly assignment: Uint8Array;
  /** Has joined but not completed a join phase yet: it cannot send heartbeats, so its session ends even while it waits. */
  readonly isNew: boolean;
  /** The JoinGroup request that waits for the join phase to complete. */
  readonly awaitingJoin: ReplyId | undefined;
  /** The SyncGroup request that waits for the leader's. */
  readonly awaitingSync: ReplyId | undefined;
}
