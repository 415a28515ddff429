// What the classic protocol answers, before it becomes a response of the wire: errors by name, and only the fields that differ from their defaults.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';

export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Uint8Array;
}

export interface JoinAnswer {
  readonly error?: ErrorName;
  /** The member's id; empty when it has none (any more). */
  readonly memberId: string;
  readonly generationId?: number;
  readonly protocolType?: string | null;
  readonly protocolName?: string | null;
  readonly leader?: string;
  /** The leader takes part, but must not compute an assignment (KIP-814). */
  readonly skipAssignment?: boolean;
  /** For the leader: all members with what they said of themselves. */
  readonly members?: readonly JoinedMember[];
}

export interface SyncAnswer {
  readonly error?: ErrorName;
  readonly protocolType?: string | null;
  readonly protocolName?: string | null;
  readonly assignment?: Uint8Array;
}
