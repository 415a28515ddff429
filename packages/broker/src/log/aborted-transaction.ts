// A transaction that was aborted, as the log remembers it for read_committed consumers (one entry of `.txnindex`).

/** Its records lie from `firstOffset` to before the marker, among those of others. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** The offset of its marker. */
  readonly lastOffset: number;
  /** The last stable offset just after it ended. */
  readonly lastStableOffset: number;
}
