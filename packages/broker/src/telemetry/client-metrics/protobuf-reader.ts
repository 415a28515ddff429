// Protocol Buffers on the wire, as little of it as OTLP metrics need: fields in any order, unknown ones skipped.
//
//   message:  [tag][value] [tag][value] ...       tag: (field number << 3) | wire type, a varint
//   types:    0 varint    1 eight bytes    2 length, then that many bytes    5 four bytes
//
// A library would be some hundred kilobytes for four kinds of values. Must stay true: whatever the bytes, reading ends, and either gives
// fields or throws ProtobufError.

export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

export const WireType = { VARINT: 0, I64: 1, LEN: 2, I32: 5 } as const;

/** Field numbers end at 2^29 - 1, so a tag and any length that can be meant fit into 32 bits. */
const MAX_VARINT_BYTES = 10;

/** Goes through the fields of one message: `next`, then one of the `take` methods that fits its type, or `skip`. */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  /** Of the field that `next` found. */
  field = 0;
  wireType = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.wireType = tag % 8;
    if (this.field === 0) throw new ProtobufError('a field has the number 0');
    return true;
  }

  /** A varint as a number; beyond 2^53 it is no longer exact. Negative ones, which have ten bytes, are read as unsigned. */
  takeVarint(): number {
    this.#expect(WireType.VARINT);
    return this.#varint();
  }

  takeDouble(): number {
    this.#expect(WireType.I64);
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /** A signed number of eight bytes; beyond 2^53 no longer exact. */
  takeFixed64(): number {
    this.#expect(WireType.I64);
    return Number(this.#view.getBigInt64(this.#advance(8), true));
  }

  /** A view of the bytes. */
  takeBytes(): Uint8Array {
    this.#expect(WireType.LEN);
    const length = this.#varint();
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  takeText(): string {
    const bytes = this.takeBytes();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  skip(): void {
    switch (this.wireType) {
      case WireType.VARINT:
        this.#varint();
        break;
      case WireType.I64:
        this.#advance(8);
        break;
      case WireType.LEN:
        this.#advance(this.#varint());
        break;
      case WireType.I32:
        this.#advance(4);
        break;
      default:
        throw new ProtobufError(`wire type ${this.wireType} does not exist`);
    }
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType)
      throw new ProtobufError(`field ${this.field} has wire type ${this.wireType}, not ${wireType}`);
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      const byte = this.#bytes[this.#advance(1)] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new ProtobufError(`a varint has more than ${MAX_VARINT_BYTES} bytes`);
  }

  /** Moves on by `count` bytes; where they begin. */
  #advance(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start)
      throw new ProtobufError(
        `${count} bytes are announced at ${start}, and ${this.#bytes.length - start} are left`,
      );
    this.#at = start + count;
    return start;
  }
}
