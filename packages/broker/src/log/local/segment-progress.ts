// What a segment knows of the batches in it so far, batch by batch. Kept twice: for what has been appended (decides when the
// next segment begins) and for what has been written to the file (decides where index entries go). Both take the same steps
// over the same batches and so end up the same.
import type { AppendedBatch } from '../partition-log.ts';

export interface SegmentProgressState {
  readonly size: number;
  /** Of the first batch, for `segment.ms`; -1: none. */
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  /** The last offset of the batch with the largest timestamp. */
  readonly maxTimestampOffset: number;
  readonly bytesSinceIndex: number;
  readonly indexEntries: number;
}

export const EMPTY_PROGRESS: SegmentProgressState = {
  size: 0,
  firstTimestamp: -1,
  maxTimestamp: -1,
  maxTimestampOffset: -1,
  bytesSinceIndex: 0,
  indexEntries: 0,
};

export class SegmentProgress implements SegmentProgressState {
  size: number;
  firstTimestamp: number;
  maxTimestamp: number;
  maxTimestampOffset: number;
  bytesSinceIndex: number;
  indexEntries: number;

  constructor(state: SegmentProgressState = EMPTY_PROGRESS) {
    this.size = state.size;
    this.firstTimestamp = state.firstTimestamp;
    this.maxTimestamp = state.maxTimestamp;
    this.maxTimestampOffset = state.maxTimestampOffset;
    this.bytesSinceIndex = state.bytesSinceIndex;
    this.indexEntries = state.indexEntries;
  }

  /** Takes one batch; true when an index entry for it is due, as Kafka's own log puts them. */
  advance(
    batch: Omit<AppendedBatch, 'bytes' | 'leaderEpoch'>,
    sizeInBytes: number,
    indexIntervalBytes: number,
  ): boolean {
    if (this.size === 0) {
      this.firstTimestamp = batch.maxTimestamp;
    }
    if (batch.maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = batch.maxTimestamp;
      this.maxTimestampOffset = batch.lastOffset;
    }
    const due = this.bytesSinceIndex > indexIntervalBytes;
    if (due) {
      this.indexEntries += 1;
      this.bytesSinceIndex = 0;
    }
    this.bytesSinceIndex += sizeInBytes;
    this.size += sizeInBytes;
    return due;
  }

  state(): SegmentProgressState {
    const { size, firstTimestamp, maxTimestamp, maxTimestampOffset, bytesSinceIndex, indexEntries } = this;
    return { size, firstTimestamp, maxTimestamp, maxTimestampOffset, bytesSinceIndex, indexEntries };
  }
}
