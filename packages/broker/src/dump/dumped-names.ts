// The names that `dump-file.ts` knows, for help and messages: apart, so that help loads nothing else.
export const DUMPED_NAMES =
  '.log, .index, .timeindex, .txnindex, .snapshot, .checkpoint, .wal and .metadata files, leader-epoch-checkpoint, *-offset-checkpoint, partition.metadata, checkpoint';
