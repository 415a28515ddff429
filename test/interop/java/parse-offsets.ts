// What kafka-get-offsets prints.

/** `topic:partition:offset` a line; no offset where the partition has no such record. */
export function parseOffsets(text: string): Map<number, number> {
  const found = text.matchAll(/^[^:\s]+:(\d+):(-?\d*)$/gm);
  return new Map(
    Array.from(found, ([, partition, offset]) => [Number(partition), offset === '' ? -1 : Number(offset)]),
  );
}
