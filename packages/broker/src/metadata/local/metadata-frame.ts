// The bytes of the metadata log: a file header, then frames. All numbers are big-endian.
//
//   file header, 32 bytes                          frame, 24 bytes and the payload
//    0  8  "MOLDMETA"                               0  4  magic ff 4d 46 01
//    8  4  format version, 1                        4  4  CRC-32C of all from byte 8 to the payload's end
//   12  4  CRC-32C of bytes 0-11 and 16-31          8  4  payload length
//   16  8  sequence of the snapshot that follows   12  1  kind: 1 snapshot, 2 changes, 3 mark
//   24  8  zero                                    13  3  zero
//                                                  16  8  sequence: the image's version once the frame is applied
//                                                  24  n  payload, JSON in UTF-8
//
// Must stay true: the magic begins with ff, a byte that UTF-8 never contains, so no payload (and no piece of one, however torn)
// holds the beginning of a frame. `findFrame` relies on it when it looks for frames behind a broken one.
import { crc32c } from '@moldau/protocol/crc32c.ts';

export const FORMAT_VERSION = 1;
export const FILE_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 24;

const FILE_MAGIC = Buffer.from('MOLDMETA', 'latin1');
const FRAME_MAGIC = Buffer.from([0xff, 0x4d, 0x46, 0x01]);

const KINDS = ['snapshot', 'changes', 'mark'] as const;

/** `snapshot`: a whole image. `changes`: one group commit. `mark`: all up to its sequence is durable; no payload. */
export type FrameKind = (typeof KINDS)[number];

export interface Frame {
  readonly kind: FrameKind;
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** Where the next frame begins. */
  readonly end: number;
}

export function encodeFileHeader(sequence: number): Uint8Array {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  FILE_MAGIC.copy(header, 0);
  header.writeUInt32BE(FORMAT_VERSION, 8);
  header.writeBigUInt64BE(BigInt(sequence), 16);
  header.writeUInt32BE(fileHeaderChecksum(header), 12);
  return header;
}

/** The sequence of the snapshot that follows the header, or what is wrong with it. */
export function decodeFileHeader(
  bytes: Buffer,
): { readonly sequence: number } | { readonly problem: string } {
  if (bytes.length < FILE_HEADER_BYTES) {
    return { problem: `the file ends within its header (${bytes.length} of ${FILE_HEADER_BYTES} bytes)` };
  }
  if (!bytes.subarray(0, FILE_MAGIC.length).equals(FILE_MAGIC)) {
    return { problem: 'this is not a metadata log (it does not begin with MOLDMETA)' };
  }
  if (bytes.readUInt32BE(12) !== fileHeaderChecksum(bytes)) {
    return { problem: 'the checksum of the file header does not match' };
  }
  const version = bytes.readUInt32BE(8);
  if (version !== FORMAT_VERSION) {
    return {
      problem: `it is of format version ${version}, and this program reads version ${FORMAT_VERSION}: use the version that wrote it`,
    };
  }
  return { sequence: Number(bytes.readBigUInt64BE(16)) };
}

export function encodeFrame(kind: FrameKind, sequence: number, payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  FRAME_MAGIC.copy(frame, 0);
  frame.writeUInt32BE(payload.length, 8);
  frame.writeUInt8(KINDS.indexOf(kind) + 1, 12);
  frame.writeBigUInt64BE(BigInt(sequence), 16);
  frame.set(payload, FRAME_HEADER_BYTES);
  frame.writeUInt32BE(crc32c(frame.subarray(8)), 4);
  return frame;
}

/** The frame at `at`, or what is wrong there. */
export function decodeFrame(bytes: Buffer, at: number): Frame | { readonly problem: string } {
  if (bytes.length - at < FRAME_HEADER_BYTES) {
    return { problem: `only ${bytes.length - at} bytes are left of a frame's header` };
  }
  if (!bytes.subarray(at, at + FRAME_MAGIC.length).equals(FRAME_MAGIC)) {
    return { problem: 'no frame begins there' };
  }
  const payloadAt = at + FRAME_HEADER_BYTES;
  const end = payloadAt + bytes.readUInt32BE(at + 8);
  if (end > bytes.length) {
    return { problem: `the frame would end at ${end}, behind the end of the file (${bytes.length})` };
  }
  if (crc32c(bytes.subarray(at + 8, end)) !== bytes.readUInt32BE(at + 4)) {
    return { problem: 'the checksum of the frame does not match' };
  }
  const kind = KINDS[bytes.readUInt8(at + 12) - 1];
  if (kind === undefined) {
    return { problem: `the frame is of an unknown kind (${bytes.readUInt8(at + 12)})` };
  }
  return {
    kind,
    sequence: Number(bytes.readBigUInt64BE(at + 16)),
    payload: bytes.subarray(payloadAt, end),
    end,
  };
}

/** The first valid frame that begins behind `at`, with its position; undefined when there is none. */
export function findFrame(
  bytes: Buffer,
  at: number,
): { readonly position: number; readonly frame: Frame } | undefined {
  let position = bytes.indexOf(FRAME_MAGIC, at + 1);
  while (position >= 0) {
    const frame = decodeFrame(bytes, position);
    if (!('problem' in frame)) {
      return { position, frame };
    }
    position = bytes.indexOf(FRAME_MAGIC, position + 1);
  }
  return undefined;
}

function fileHeaderChecksum(header: Uint8Array): number {
  const covered = Buffer.alloc(FILE_HEADER_BYTES - 4);
  covered.set(header.subarray(0, 12), 0);
  covered.set(header.subarray(16, FILE_HEADER_BYTES), 12);
  return crc32c(covered);
}
