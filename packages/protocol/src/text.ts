/**
 * UTF-8 to strings and back, fast for what the protocol carries: short, nearly always ASCII names. Node's Buffer does it
 * natively when it is there; in a browser the platform's own coder does. Bytes that are no UTF-8 become U+FFFD.
 */

interface NodeBytes extends Uint8Array {
  utf8Slice(start: number, end: number): string;
}

interface NodeBufferClass {
  allocUnsafe(size: number): Uint8Array;
  byteLength(text: string): number;
  from(buffer: ArrayBufferLike, offset: number, length: number): NodeBytes;
  prototype: { utf8Write?: unknown };
}

/** Node's Buffer, or undefined elsewhere. */
const nodeBuffer = (globalThis as unknown as { Buffer?: NodeBufferClass }).Buffer;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Up to this many bytes, building the string here beats a call into the platform. */
const SHORT = 12;

export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return '';
  if (length <= SHORT) {
    const text = decodeShort(bytes, start, end);
    if (text !== undefined) return text;
  }
  if ('utf8Slice' in bytes) return (bytes as NodeBytes).utf8Slice(start, end);
  if (nodeBuffer !== undefined) {
    return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).utf8Slice(start, end);
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** Four characters a step make fewer strings in between; undefined when the bytes are not ASCII. */
function decodeShort(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const a = bytes[i]!;
    const b = bytes[i + 1]!;
    const c = bytes[i + 2]!;
    const d = bytes[i + 3]!;
    if ((a | b | c | d) >= 0x80) return undefined;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; i < end; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  if (nodeBuffer !== undefined) return nodeBuffer.byteLength(text);
  return encoder.encode(text).length;
}

/** Writes the text, which must fit; returns the number of bytes written. */
export function encodeUtf8(text: string, bytes: Uint8Array, at: number): number {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return encoder.encodeInto(text, bytes.subarray(at)).written;
    bytes[at + i] = code;
  }
  return length;
}

/** Memory for output: not zeroed where the platform can skip that, so only what was written may leave it. */
export function allocate(size: number): Uint8Array {
  return nodeBuffer === undefined ? new Uint8Array(size) : nodeBuffer.allocUnsafe(size);
}
