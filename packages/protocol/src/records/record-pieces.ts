// The `records` of an answer: whoever writes one has the batches in several pieces, whoever has read one has a single piece.

export type RecordPieces = Uint8Array | readonly Uint8Array[];

/** The batches in one piece; no bytes for null. Copies only when there are several pieces. */
export function inOnePiece(records: RecordPieces | null): Uint8Array {
  if (records === null) return new Uint8Array(0);
  if (records instanceof Uint8Array) return records;
  const [only] = records;
  if (only !== undefined && records.length === 1) return only;
  const whole = new Uint8Array(records.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of records) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
