/**
 * What goes wrong between bytes and messages. Both errors say which message and version, the path of the field and why:
 *
 *   FetchRequest v12: topics[3].partitions[0].fetchOffset: 2 bytes left, 8 needed (at byte 118)
 *
 * The path costs nothing while all is well: a read or write that fails throws with its own field name, and each array and
 * struct that the error passes on its way up puts its own name in front.
 */

abstract class FieldError extends Error {
  /** The message's name and version; empty until the error has left the codec. */
  where = '';
  /** Path of the field, e.g. `topics[3].partitions[0].fetchOffset`. */
  path: string;
  /** What is wrong, without the path. */
  readonly reason: string;

  constructor(path: string, reason: string) {
    super();
    this.path = path;
    this.reason = reason;
    this.describe();
  }

  describe(): void {
    this.message = [this.where, this.path, this.reason].filter((part) => part !== '').join(': ');
  }
}

/** The bytes are not a message of that kind and version: truncated, oversized, or hostile. */
export class DecodeError extends FieldError {
  readonly code = 'ERR_PROTOCOL_DECODE';
  /** Where in the reader's bytes the field begins. */
  readonly position: number;

  constructor(path: string, reason: string, position: number) {
    super(path, `${reason} (at byte ${position})`);
    this.position = position;
  }

  override get name(): string {
    return 'DecodeError';
  }
}

/** The message cannot be written in that version: a mistake of the caller. */
export class EncodeError extends FieldError {
  readonly code = 'ERR_PROTOCOL_ENCODE';

  override get name(): string {
    return 'EncodeError';
  }
}

/** Puts `field` (or `field[index]`) in front of the error's path; other errors pass as they are. */
export function within(error: unknown, field: string, index = -1): unknown {
  if (error instanceof FieldError) {
    const element = index < 0 ? field : `${field}[${index}]`;
    error.path = error.path === '' ? element : `${element}.${error.path}`;
    error.describe();
  }
  return error;
}

/** Names the message and version in an error that leaves its codec. */
export function inMessage(error: unknown, name: string, version: number): unknown {
  if (error instanceof FieldError && error.where === '') {
    error.where = `${name} v${version}`;
    error.describe();
  }
  return error;
}
