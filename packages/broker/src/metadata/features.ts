// Features (KIP-584): what all brokers of a cluster have agreed to do, each with a level. A client learns from ApiVersions which levels
// this broker could do (supported) and which hold now (finalized), and behaves accordingly: with transaction.version 2 a Java producer adds
// partitions to its transaction by producing to them (KIP-890).
//
// Only what is true is here. group.version, share.version and streams.version are about protocols that this broker does not
// have; eligible.leader.replicas.version and kraft.version are about replicas and quorums, which it does not have either. A feature that is
// not supported is left out altogether, as Kafka does with one whose highest level is 0.

/** The metadata level of Kafka 4.3 (`4.3-IV0`). There is one format of metadata here, so one level. */
const METADATA_VERSION_4_3 = 30;

export const METADATA_VERSION = 'metadata.version';
export const TRANSACTION_VERSION = 'transaction.version';

/** The levels this broker can do, lowest and highest. */
export interface SupportedFeature {
  readonly minVersion: number;
  readonly maxVersion: number;
}

export const SUPPORTED_FEATURES: ReadonlyMap<string, SupportedFeature> = new Map([
  [METADATA_VERSION, { minVersion: METADATA_VERSION_4_3, maxVersion: METADATA_VERSION_4_3 }],
  [TRANSACTION_VERSION, { minVersion: 0, maxVersion: 2 }],
]);

/** The levels of a new cluster, and of one whose metadata was written before levels were kept. */
export const DEFAULT_FEATURES: ReadonlyMap<string, number> = new Map([
  [METADATA_VERSION, METADATA_VERSION_4_3],
  [TRANSACTION_VERSION, 2],
]);
