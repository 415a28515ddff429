// In which pieces node:zlib hands out decompressed bytes. Large pieces are fewer calls; but a result that fits one piece is a view of
// it and keeps all of it in memory, so a small input must not get a large one.

const SMALLEST = 4 * 1024;
const LARGEST = 256 * 1024;
/** What text and JSON usually shrink by. */
const USUAL_RATIO = 4;

export function outputChunkSize(compressedSize: number): number {
  return Math.min(Math.max(compressedSize * USUAL_RATIO, SMALLEST), LARGEST);
}
