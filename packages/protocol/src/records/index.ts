// Record batches: header view, checks, reading and building.

export * from './batch-header.ts';
export * from './batch-positions.ts';
export * from './check-batch.ts';
export * from './control-record.ts';
export * from './record-error.ts';
export * from './record-reader.ts';
export * from './record-writer.ts';
