// Settings and limits of the group coordinator, named as in Kafka where Kafka has them.

export interface GroupSettings {
  /** `group.min.session.timeout.ms` */
  readonly minSessionTimeoutMs: number;
  /** `group.max.session.timeout.ms` */
  readonly maxSessionTimeoutMs: number;
  /** `group.initial.rebalance.delay.ms`: how long an empty group waits for more members after the first. */
  readonly initialRebalanceDelayMs: number;
  /** `group.max.size`: members of one group. */
  readonly maxGroupSize: number;
  /** `offset.metadata.max.bytes`: length of the text committed with an offset (in UTF-16 units, as Kafka counts). */
  readonly offsetMetadataMaxBytes: number;
  /** `offsets.retention.minutes`, in milliseconds. */
  readonly offsetsRetentionMs: number;
  /** `offsets.retention.check.interval.ms` */
  readonly offsetsRetentionCheckIntervalMs: number;
  /** How long a member that joins for the first time may wait for the join phase to end; afterwards it is taken for gone. */
  readonly newMemberJoinTimeoutMs: number;
  /** Groups of one partition of `__consumer_offsets`. Beyond it, new ones are refused. */
  readonly maxGroupsPerPartition: number;
  /** Bytes of all protocols, names and metadata, that one member joins with. */
  readonly maxMemberMetadataBytes: number;
  /** Member ids given out to clients that have not joined with them, per group. */
  readonly maxPendingMembers: number;
  /** Requests that may wait for an answer at once in one partition. */
  readonly maxPendingRequests: number;
  /** How long until a deadline whose records could not be stored is tried again. */
  readonly retryDelayMs: number;
}

export const DEFAULT_GROUP_SETTINGS: GroupSettings = {
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  initialRebalanceDelayMs: 3_000,
  maxGroupSize: 2_147_483_647,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMs: 10_080 * 60_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  newMemberJoinTimeoutMs: 300_000,
  maxGroupsPerPartition: 100_000,
  maxMemberMetadataBytes: 1_048_576,
  maxPendingMembers: 10_000,
  maxPendingRequests: 100_000,
  retryDelayMs: 1_000,
};
