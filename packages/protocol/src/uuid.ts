/**
 * Kafka's uuids: 16 bytes on the wire, and in text base64url without padding (22 characters), as Kafka's tools print them.
 * They are byte arrays here because the broker mostly passes them on; `uuidToString` is the form for maps and logs.
 */

export const UUID_LENGTH = 16;

/** "No id": the default of every uuid field. Shared, so never write into it. */
export const ZERO_UUID: Uint8Array = new Uint8Array(UUID_LENGTH);

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const TEXT_LENGTH = 22;

export function isZeroUuid(uuid: Uint8Array): boolean {
  if (uuid === ZERO_UUID) return true;
  for (let i = 0; i < UUID_LENGTH; i++) if (uuid[i] !== 0) return false;
  return true;
}

export function uuidEquals(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  for (let i = 0; i < UUID_LENGTH; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function uuidToString(uuid: Uint8Array): string {
  if (uuid.length !== UUID_LENGTH)
    throw new RangeError(`a uuid has ${UUID_LENGTH} bytes, not ${uuid.length}`);
  let text = '';
  for (let i = 0; i < 15; i += 3) {
    const bits = (uuid[i]! << 16) | (uuid[i + 1]! << 8) | uuid[i + 2]!;
    text += DIGITS[bits >> 18]! + DIGITS[(bits >> 12) & 63]! + DIGITS[(bits >> 6) & 63]! + DIGITS[bits & 63]!;
  }
  const last = uuid[15]!;
  return text + DIGITS[last >> 2]! + DIGITS[(last & 3) << 4]!;
}

/** Throws a RangeError when the text is not a uuid in Kafka's form. */
export function uuidFromString(text: string): Uint8Array {
  const uuid = new Uint8Array(UUID_LENGTH);
  let bits = 0;
  let count = 0;
  let at = 0;
  for (const char of text) {
    const digit = DIGITS.indexOf(char);
    if (digit < 0 || text.length !== TEXT_LENGTH) {
      throw new RangeError(`not a uuid (${TEXT_LENGTH} characters of base64url): ${JSON.stringify(text)}`);
    }
    bits = ((bits << 6) | digit) & 0x3fff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      uuid[at++] = (bits >> count) & 0xff;
    }
  }
  if (at !== UUID_LENGTH || (bits & 15) !== 0) throw new RangeError(`not a uuid: ${JSON.stringify(text)}`);
  return uuid;
}
