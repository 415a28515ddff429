// A change of the metadata asked for by a request: decided, made durable, carried out on disk.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { MetadataChange } from '../metadata/change.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { MetadataError } from '../metadata/metadata-store.ts';
import { refusal, type Outcome } from '../settings/outcome.ts';
import type { Services } from './services.ts';

export type Proposed<Answer> =
  | { readonly answer: Answer; readonly failure: undefined }
  /** It could not be stored: nothing has changed, and the client may try again. */
  | { readonly answer: undefined; readonly failure: Outcome };

/** Proposes, and waits until partitions that were added are open, and those removed are gone. */
export async function propose<Answer>(
  services: Services,
  decide: (image: MetadataImage) => { readonly changes: readonly MetadataChange[]; readonly answer: Answer },
): Promise<Proposed<Answer>> {
  try {
    const answer = await services.metadata.propose(decide);
    await services.partitions.settled();
    return { answer, failure: undefined };
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    services.logger.error({ err: error }, 'a change of the metadata could not be stored');
    return { answer: undefined, failure: refusal(ErrorCode.KAFKA_STORAGE_ERROR, error.message) };
  }
}
