// Where Moldau answers otherwise than Kafka on purpose. A difference that is not here fails the comparison; an entry that no longer differs is named.

export interface IntendedDifference {
  /** The beginning of the step's name; '' for all. */
  readonly step: string;
  /** What the path of the field begins with, or ends with when it begins with a dot. */
  readonly path: string;
  readonly reason: string;
}

export const INTENDED: readonly IntendedDifference[] = [
  {
    step: '',
    path: 'min.insync.replicas.configSource',
    reason:
      'Kafka 4.3 writes this setting into every new cluster itself, for eligible leader replicas (KIP-966), which have no meaning here: it stays a default.',
  },
  {
    step: 'versions: features',
    path: 'metadata.version.minVersion',
    reason:
      'Kafka can write the metadata of older versions; Moldau has one format of metadata, at the level of 4.3.',
  },
  {
    step: 'quorum: the metadata',
    path: 'nodes.listeners',
    reason:
      'Kafka names the listener of its controller; Moldau has none beside the listener of the broker, and names that.',
  },
  {
    step: 'topic partitions',
    path: 'topics.topicAuthorizedOperations',
    reason:
      'Kafka tells what may be done with a topic that does not exist; Moldau leaves the field at its default.',
  },
  {
    step: 'transactions: a third producer, while it is under way',
    path: '',
    reason:
      'Kafka answers CONCURRENT_TRANSACTIONS until the open transaction has been aborted; Moldau lets the request wait for that, up to 50 ms, and answers it.',
  },
  {
    step: 'transactions: a third producer',
    path: 'producerEpoch',
    reason: 'One epoch ahead, because the request before, which Kafka refused, was answered.',
  },
  {
    step: 'transactions: describe at the end',
    path: '.producerEpoch',
    reason: 'Likewise one ahead.',
  },
  ...['access: create a rule of any', 'access: create a rule of what matches'].map((step) => ({
    step,
    path: 'results.errorCode',
    reason:
      'With an authorizer Kafka answers UNKNOWN_SERVER_ERROR, because what it makes of the rule throws; INVALID_REQUEST says that the fault lies with the request.',
  })),
  {
    step: 'alter configs: unknown operation',
    path: 'responses.errorCode',
    reason:
      'Kafka answers UNKNOWN_SERVER_ERROR, because decoding the operation throws; INVALID_REQUEST says that the fault lies with the request.',
  },
  {
    step: 'produce: null',
    path: '',
    reason: 'Kafka never answers (a defect there); Moldau says INVALID_RECORD.',
  },
  {
    step: 'produce: LogAppendTime set by the client',
    path: 'responses.partitionResponses',
    reason:
      'Kafka takes the batch and clears the flag. Only the log may set it: a producer that does is defective, and is told so.',
  },
  {
    step: 'produce: sequence 0 again',
    path: '.logAppendTimeMs',
    reason:
      'To a repeated batch Kafka tells the timestamp of the first as if the log had stamped it, with CreateTime too; Moldau answers as it did the first time.',
  },
  {
    step: 'produce: ',
    path: '.logStartOffset',
    reason:
      'Kafka tells the log start offset with some refusals; no client reads it there, and Moldau tells it only with success.',
  },
  {
    step: 'fetch: unknown',
    path: '.abortedTransactions',
    reason:
      'An empty list and null mean the same beside an error; Kafka sends one with some errors and the other with others.',
  },
  {
    step: 'batches: ',
    path: '.logStartOffset',
    reason: 'As with other produce requests that are refused.',
  },
  {
    step: 'transactions in partitions: produce: ',
    path: '.logStartOffset',
    reason: 'As with other produce requests that are refused.',
  },
  {
    step: 'transactions in partitions: produce: the second again',
    path: '.logAppendTimeMs',
    reason: 'As with other repeated batches.',
  },
  {
    step: 'batches: idempotent, again',
    path: '.logAppendTimeMs',
    reason: 'As with other repeated batches.',
  },
  {
    step: 'batches: damaged, in the codec of the topic',
    path: 'responses.partitionResponses',
    reason:
      'Records are decoded only where something has to be done with them: the CRC says that they are what the producer sent. Kafka decompresses every batch, and answers UNKNOWN_SERVER_ERROR.',
  },
  {
    step: 'batches: damaged',
    path: '.errorCode',
    reason:
      'Kafka answers UNKNOWN_SERVER_ERROR, because reading the batch throws; INVALID_RECORD says that the fault lies with the batch.',
  },
  {
    step: 'batches: a count too large to uncompressed',
    path: 'responses.partitionResponses',
    reason:
      'The records of a batch that is not recompressed are not counted: walking over them costs as much as the CRC where they are small.',
  },
  {
    step: 'batches: a count too small to uncompressed',
    path: 'responses.partitionResponses',
    reason: 'As with a count that is too large.',
  },
  {
    step: 'batches: offsets with a gap',
    path: 'responses.partitionResponses',
    reason:
      'Kafka takes the batch as it is (not compressed), gives its records other offsets (recompressed) or answers UNKNOWN_SERVER_ERROR (in gzip). Moldau takes what it need not decode, and refuses the batch where it does.',
  },
];
