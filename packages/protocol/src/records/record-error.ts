// What the reader of records throws for bytes that are none: the batch passed its CRC, so whoever wrote it wrote nonsense.

export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly code = 'INVALID_RECORD';
}
