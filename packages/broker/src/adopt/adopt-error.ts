// Why a folder cannot be adopted. The message says what was found, in which file, and what to do.

/**
 * - `SOURCE`       what was named is not the log directory of a Kafka node, or is named twice
 * - `RUNNING`      a process, probably Kafka, holds the folder's lock
 * - `DAMAGED`      a file of the source is damaged or missing where nothing may be missing
 * - `UNSUPPORTED`  the source holds what Moldau cannot keep: old message formats, remote storage
 * - `INCOMPLETE`   the folders do not hold all partitions of a topic
 * - `TARGET`       the data folder cannot take it: in use, of the same topics, too small
 */
export type AdoptErrorCode = 'SOURCE' | 'RUNNING' | 'DAMAGED' | 'UNSUPPORTED' | 'INCOMPLETE' | 'TARGET';

export class AdoptError extends Error {
  override readonly name = 'AdoptError';
  readonly code: AdoptErrorCode;
  constructor(code: AdoptErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
