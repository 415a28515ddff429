// The metadata seam: who keeps the changes and in which order everyone sees them.
import type { MetadataChange } from './change.ts';
import type { MetadataImage } from './image.ts';

export interface MetadataStore {
  /** The image of now: everything in it is durable. */
  readonly image: MetadataImage;
  /**
   * Decides on the newest image, makes the changes durable and publishes the next image, all of them or none. `decide` is synchronous and may run
   * again if another change came first; it returns the changes and what to answer.
   * @returns what `decide` answered, once the changes are durable and every subscriber has been called
   * @throws MetadataError when they could not be made durable
   */
  propose<Answer>(
    decide: (image: MetadataImage) => {
      readonly changes: readonly MetadataChange[];
      readonly answer: Answer;
    },
  ): Promise<Answer>;
  /** Calls `listener` after each publication, with the image before. Returns what ends that. */
  subscribe(listener: (image: MetadataImage, previous: MetadataImage) => void): () => void;
  close(): Promise<void>;
}

/**
 * - `UNAVAILABLE`  the change could not be stored; it may be tried again
 * - `CORRUPT`      what is stored cannot be read; the message says where, nothing was changed
 * - `CLOSED`       the store was closed
 */
export type MetadataErrorCode = 'UNAVAILABLE' | 'CORRUPT' | 'CLOSED';

export class MetadataError extends Error {
  override readonly name = 'MetadataError';
  readonly code: MetadataErrorCode;
  constructor(code: MetadataErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
