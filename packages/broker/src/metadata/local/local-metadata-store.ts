// The metadata of an embedded cluster: one log on the local disk, written by one process.
//
//   propose --queue--> [ decide, decide, decide ] --one frame--> write, sync --> next image --> subscribers --> answers
//                       each on the image of the one before
//
// Proposals that arrive while a group is being written form the next group, so the price of a sync is shared. A refusal (an answer
// without changes) waits too when changes of its group made it refuse: nobody learns of what is not durable.
//
// When the log has outgrown its snapshot, the image is written to a new file (see metadata-file.ts) and the log goes on there. The
// file before it is kept until the next time; older ones are removed.
//
//   a write finds the disk full   -> the group fails with UNAVAILABLE, the image stays; the next group overwrites what was half written
//   a sync fails, or any I/O error -> what the disk holds is unknown: UNAVAILABLE for ever, `onFatal` is called once
//
// Must stay true: `image` and everything told to subscribers and proposers is durable.
import { DiskError } from '@moldau/runtime';
import { makeDurableDirectory } from '@moldau/runtime/small-files.ts';
import type { Disk, DiskFile } from '@moldau/runtime';
import { applyChanges, emptyImage } from '../apply-change.ts';
import type { MetadataChange } from '../change.ts';
import type { MetadataImage } from '../image.ts';
import { MetadataError } from '../metadata-store.ts';
import type { MetadataStore } from '../metadata-store.ts';
import {
  createMetadataFile,
  encodeChanges,
  listMetadataFiles,
  recoverMetadataFile,
} from './metadata-file.ts';
import { encodeFrame } from './metadata-frame.ts';

/** Where the store says what an operator should know. A pino logger fits. */
export interface MetadataLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface LocalMetadataStoreOptions {
  readonly disk: Disk;
  /** The folder of the metadata log; made if it is missing. The caller holds the lock of the data folder. */
  readonly folder: string;
  readonly logger?: MetadataLogger;
  /** Called once when the store can never again make a change durable: the process should stop and recover. */
  readonly onFatal?: (error: Error) => void;
  /** A new snapshot is made once the changes behind the last are larger than it and than this many bytes. Default 1 MiB. */
  readonly snapshotAfterBytes?: number;
}

/**
 * Opens the log in `folder` and recovers the image; an empty folder begins with the empty image.
 * @throws MetadataError `CORRUPT`: what is stored cannot be read, nothing was changed; DiskError when the disk cannot be used
 */
export async function openLocalMetadataStore(options: LocalMetadataStoreOptions): Promise<MetadataStore> {
  const { disk, folder, logger } = options;
  await makeDurableDirectory(disk, folder);
  const { files, unfinished } = await listMetadataFiles(disk, folder);
  const [newest] = files;
  if (newest === undefined) {
    const image = emptyImage();
    const { file, end } = await createMetadataFile(disk, folder, image);
    return new LocalMetadataStore(options, file, { image, end, snapshotEnd: end });
  }
  const file = await disk.open(`${folder}/${newest}`, { mode: 'write' });
  try {
    const recovered = await recoverMetadataFile(file);
    if (recovered.torn > 0) {
      logger?.info(
        { file: file.path, position: recovered.end, bytes: recovered.torn },
        'Cut what was behind the durable end of the metadata log.',
      );
      await file.truncate(recovered.end);
    }
    const { unproven } = recovered;
    if (unproven !== undefined) await file.write([unproven.bytes], unproven.position);
    // What was read may still be in the page cache alone (a process killed between write and sync): nobody may see it before it is durable.
    // The same holds for the names: of two files, the newest must be the one that the next recovery finds.
    await file.sync();
    await disk.syncDirectory(folder);
    for (const name of unfinished) {
      await disk.remove(`${folder}/${name}`);
    }
    return new LocalMetadataStore(options, file, recovered);
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Proposal {
  /** Decides on `image`; the changes, or undefined when it threw (it is settled then). */
  decide(image: MetadataImage): readonly MetadataChange[] | undefined;
  answer(): void;
  fail(error: unknown): void;
}

type Listener = (image: MetadataImage, previous: MetadataImage) => void;

const DEFAULT_SNAPSHOT_AFTER_BYTES = 1 << 20;

class LocalMetadataStore implements MetadataStore {
  readonly #options: LocalMetadataStoreOptions;
  readonly #listeners = new Set<Listener>();
  #image: MetadataImage;
  #file: DiskFile;
  #end: number;
  #snapshotEnd: number;
  #snapshotAt: number;
  #queue: Proposal[] = [];
  #running: Promise<void> | undefined;
  #closed = false;
  #dead: MetadataError | undefined;
  #fatalTold = false;

  constructor(
    options: LocalMetadataStoreOptions,
    file: DiskFile,
    state: { image: MetadataImage; end: number; snapshotEnd: number },
  ) {
    this.#options = options;
    this.#file = file;
    this.#image = state.image;
    this.#end = state.end;
    this.#snapshotEnd = state.snapshotEnd;
    this.#snapshotAt = this.#nextSnapshotAt();
  }

  get #snapshotAfterBytes(): number {
    return this.#options.snapshotAfterBytes ?? DEFAULT_SNAPSHOT_AFTER_BYTES;
  }

  get image(): MetadataImage {
    return this.#image;
  }

  propose<Answer>(
    decide: (image: MetadataImage) => {
      readonly changes: readonly MetadataChange[];
      readonly answer: Answer;
    },
  ): Promise<Answer> {
    if (this.#closed) {
      return Promise.reject(new MetadataError('CLOSED', 'The metadata store is closed.'));
    }
    return new Promise<Answer>((resolve, reject) => {
      let decided: { readonly answer: Answer } | undefined;
      this.#queue.push({
        decide(image) {
          try {
            const decision = decide(image);
            decided = decision;
            return decision.changes;
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
            return undefined;
          }
        },
        answer() {
          if (decided !== undefined) {
            resolve(decided.answer);
          }
        },
        fail: reject,
      });
      this.#running ??= this.#run();
    });
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    await this.#running;
    await this.#file.close();
  }

  /** Commits groups until nobody waits. Never rejects. */
  async #run(): Promise<void> {
    // The proposals of this turn of the event loop belong together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      await this.#commit(group);
      if (this.#end >= this.#snapshotAt && this.#dead === undefined) {
        await this.#roll();
      }
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Proposal[]): Promise<void> {
    if (this.#dead !== undefined) {
      for (const proposal of group) {
        proposal.fail(this.#dead);
      }
      return;
    }
    const { settled, changes, image } = decideAll(group, this.#image);
    if (changes.length > 0) {
      try {
        await this.#append(encodeChanges(changes, image.version), image.version);
      } catch (error) {
        const failure = this.#failure(error);
        for (const proposal of settled) {
          proposal.fail(failure);
        }
        return;
      }
      this.#publish(image);
    }
    for (const proposal of settled) {
      proposal.answer();
    }
  }

  async #append(frame: Uint8Array, version: number): Promise<void> {
    await this.#file.write([frame], this.#end);
    try {
      await this.#file.sync();
    } catch (error) {
      throw new SyncFailure(error);
    }
    this.#end += frame.length;
    // Not synced, and no harm when it fails: it only helps to tell a damaged frame from an unfinished one.
    await this.#file
      .write([encodeFrame('mark', version, new Uint8Array())], this.#end)
      .catch(() => undefined);
  }

  #publish(image: MetadataImage): void {
    const previous = this.#image;
    this.#image = image;
    for (const listener of this.#listeners) {
      try {
        listener(image, previous);
      } catch (error) {
        // The listener is broken and what it keeps is behind the image for good.
        this.#die(error);
      }
    }
  }

  /** Goes on in a new file that begins with the image of now. */
  async #roll(): Promise<void> {
    const { disk, folder, logger } = this.#options;
    const before = this.#file;
    let renaming = false;
    try {
      const { file, end } = await createMetadataFile(disk, folder, this.#image, () => {
        renaming = true;
      });
      this.#file = file;
      this.#end = end;
      this.#snapshotEnd = end;
      this.#snapshotAt = this.#nextSnapshotAt();
    } catch (error) {
      if (!renaming && error instanceof DiskError && error.code === 'NO_SPACE') {
        logger?.warn(
          { err: error, folder },
          'No space for a snapshot of the metadata; it will be tried again.',
        );
        this.#snapshotAt = this.#end + this.#snapshotAfterBytes;
        return;
      }
      // Which of the two files a restart would find is unknown now, so neither may be written.
      this.#die(error);
      return;
    }
    try {
      await before.close();
      const { files } = await listMetadataFiles(disk, folder);
      for (const name of files.slice(2)) {
        await disk.remove(`${folder}/${name}`);
      }
    } catch (error) {
      logger?.warn(
        { err: error, folder },
        'Old metadata files could not be removed; it will be tried again.',
      );
    }
  }

  #nextSnapshotAt(): number {
    return (
      this.#snapshotEnd +
      Math.max(this.#snapshotEnd, this.#options.snapshotAfterBytes ?? DEFAULT_SNAPSHOT_AFTER_BYTES)
    );
  }

  /** What a failed group is told. Anything but a full disk ends the store. */
  #failure(error: unknown): MetadataError {
    if (error instanceof DiskError && error.code === 'NO_SPACE') {
      return new MetadataError(
        'UNAVAILABLE',
        `The disk is full: ${error.message}. Free some space and try again.`,
        {
          cause: error,
        },
      );
    }
    return this.#die(error instanceof SyncFailure ? error.cause : error);
  }

  #die(cause: unknown): MetadataError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#dead ??= new MetadataError(
      'UNAVAILABLE',
      `The metadata log cannot be written any more (${reason}). Restart the broker: it recovers what is durable.`,
      { cause },
    );
    if (!this.#fatalTold) {
      this.#fatalTold = true;
      this.#options.onFatal?.(this.#dead);
    }
    return this.#dead;
  }
}

/** Marks a failed sync, which is fatal whatever the code of the error within. */
class SyncFailure extends Error {
  constructor(cause: unknown) {
    super('sync failed', { cause });
  }
}

/** Lets each proposal decide on the image that the ones before it leave. */
function decideAll(
  group: readonly Proposal[],
  start: MetadataImage,
): { settled: readonly Proposal[]; changes: readonly MetadataChange[]; image: MetadataImage } {
  const settled: Proposal[] = [];
  const changes: MetadataChange[] = [];
  let image = start;
  for (const proposal of group) {
    const decided = proposal.decide(image);
    if (decided === undefined) {
      continue;
    }
    try {
      image = applyChanges(image, decided);
    } catch (error) {
      proposal.fail(error);
      continue;
    }
    changes.push(...decided);
    settled.push(proposal);
  }
  return { settled, changes, image };
}
