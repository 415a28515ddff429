// UTF-8 without an allocation per string, for the keys of record headers.

const encoder = new TextEncoder();

/** How many bytes `text` takes as UTF-8; a lone surrogate counts as U+FFFD, which is how it is written. */
export function utf8Size(text: string): number {
  let size = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) size += 1;
    else if (isSurrogatePair(text, index, unit)) {
      size += 2;
      index++;
    } else size += 2;
  }
  return size;
}

function isSurrogatePair(text: string, index: number, unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
}

/** Writes `text`; returns the position behind it. There must be room for `utf8Size(text)` bytes. */
export function writeUtf8(bytes: Uint8Array, at: number, text: string): number {
  return at + encoder.encodeInto(text, bytes.subarray(at)).written;
}
