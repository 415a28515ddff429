// The way of a produced batch through recompression, where its topic asks for it, and on to the log: in the order in which batches came, those
// that need none included. Topics that keep the codec of the producer (the default) pay one comparison.
import { CompressionError } from '@moldau/protocol/compression/codec.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import type { BatchMemory } from '../log/batch-memory.ts';
import type { TopicConfig } from '../settings/topic-config.ts';
import { AppendQueue, type Prepared } from './append-queue.ts';
import { refusal, type AppendOutcome } from './append-outcome.ts';
import { segmentSizeProblem, sizeProblem, unreadable } from './check-produced.ts';
import { recompressionOf, type Recompression } from './recompress.ts';
import type { Recompressor } from './recompressor.ts';
import type { Verified } from './transaction-verifications.ts';

interface Append {
  readonly records: Uint8Array;
  readonly memory: BatchMemory | undefined;
  readonly leaderEpoch: number;
  readonly done: (outcome: AppendOutcome) => void;
  /** Of the first batch of a transaction: asked when its turn comes, since the transaction may end while it waits. */
  readonly verified?: Verified | undefined;
}

interface QueuedAppend extends Append {
  /** Undefined: it only waits for those before it. */
  readonly to: Recompression | undefined;
}

export interface RecompressingAppendsOptions {
  readonly recompressor: Recompressor;
  /** As it is now. */
  readonly config: () => TopicConfig;
  /** Puts the batch into the log, or refuses it. */
  readonly append: (append: Append) => void;
}

export class RecompressingAppends {
  readonly #options: RecompressingAppendsOptions;
  /** Made when it is first needed: most topics never do. */
  #queue: AppendQueue<QueuedAppend, Uint8Array> | undefined;

  constructor(options: RecompressingAppendsOptions) {
    this.#options = options;
  }

  append(append: Append): void {
    const to = recompressionOf(append.records, this.#options.config());
    if (to === undefined && (this.#queue === undefined || this.#queue.idle)) {
      this.#options.append(append);
      return;
    }
    this.#queue ??= new AppendQueue({
      prepare: (queued) =>
        queued.to === undefined
          ? queued.records
          : this.#options.recompressor.recompress(queued.records, queued.to),
      finish: (queued, prepared) => this.#finish(queued, prepared),
    });
    this.#queue.add({ ...append, to });
  }

  #finish(queued: QueuedAppend, prepared: Prepared<Uint8Array>): void {
    const { to, done } = queued;
    if ('failure' in prepared) {
      done(refusalOf(prepared.failure));
      return;
    }
    if (to === undefined) {
      this.#options.append(queued);
      return;
    }
    const records = prepared.result;
    const config = this.#options.config();
    const problem = sizeProblem(records.length, config) ?? segmentSizeProblem(records.length, config);
    if (problem !== undefined) done(refusal(problem.error, problem.message));
    else this.#options.append({ ...queued, records, memory: undefined });
  }
}

function refusalOf(failure: unknown): AppendOutcome {
  if (failure instanceof CompressionError || failure instanceof RecordError) {
    const { error, message } = unreadable(failure);
    return refusal(error, message);
  }
  // The machine's trouble, not the batch's: the producer tries again.
  return refusal(
    ErrorCode.KAFKA_STORAGE_ERROR,
    `The batch could not be recompressed: ${failure instanceof Error ? failure.message : String(failure)}`,
  );
}
