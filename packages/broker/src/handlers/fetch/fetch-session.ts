// A fetch session (KIP-227): what a consumer asked for stays here, so that a fetch names only what changed and is answered only with
// what is new.
//
//   client                                     broker
//   full fetch, id 0, epoch 0      -------->   creates session 7           --> all partitions, session id 7
//   id 7, epoch 1, changes only    -------->   updates the session         --> partitions with news only
//   id 7, epoch 2 ...
//   id 7, epoch -1                 -------->   closes it, full answer
//
// Must stay true: the order of partitions rotates (those that gave data go to the back), so that none starves;
// an epoch is accepted once.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { FetchPartition, FetchRequest } from '@moldau/protocol/generated/fetch.ts';
import { uuidToString } from '@moldau/protocol';

export const INITIAL_EPOCH = 0;
export const FINAL_EPOCH = -1;
const MAX_EPOCH = 0x7fff_ffff;

/** One partition of a fetch, as last asked for. Names are resolved anew at each fetch: a topic may go and come. */
export interface FetchTarget {
  /** Topic name (up to version 12) or '' */
  readonly topic: string;
  readonly topicId: Uint8Array;
  /** The id as text, or '' when the request names topics. */
  readonly topicIdText: string;
  readonly index: number;
  fetchOffset: number;
  maxBytes: number;
  currentLeaderEpoch: number;
  lastFetchedEpoch: number;
  /** What the client was last told; -1 before the first answer. */
  toldHighWatermark: number;
  toldLogStartOffset: number;
  /** The last answer was an error: the next one is sent whatever it is. */
  toldError: boolean;
}

export type TargetKey = string;

function keyOf(topic: string, topicIdText: string, index: number): TargetKey {
  return `${topicIdText === '' ? `n${topic}` : `i${topicIdText}`}/${index}`;
}

/** Version 13 names topics by id. */
export const TOPIC_IDS_VERSION = 13;

/** The partitions of a request, each once, in its order. */
export function targetsOf(request: FetchRequest, version: number): Map<TargetKey, FetchTarget> {
  const targets = new Map<TargetKey, FetchTarget>();
  for (const topic of request.topics) {
    const idText = version >= TOPIC_IDS_VERSION ? uuidToString(topic.topicId) : '';
    for (const partition of topic.partitions) {
      targets.set(
        keyOf(topic.topic, idText, partition.partition),
        newTarget(topic.topic, topic.topicId, idText, partition),
      );
    }
  }
  return targets;
}

function newTarget(
  topic: string,
  topicId: Uint8Array,
  topicIdText: string,
  asked: FetchPartition,
): FetchTarget {
  return {
    topic,
    topicId: topicId.slice(),
    topicIdText,
    index: asked.partition,
    fetchOffset: asked.fetchOffset,
    maxBytes: asked.partitionMaxBytes,
    currentLeaderEpoch: asked.currentLeaderEpoch,
    lastFetchedEpoch: asked.lastFetchedEpoch,
    toldHighWatermark: -1,
    toldLogStartOffset: -1,
    toldError: false,
  };
}

export class FetchSession {
  readonly id: number;
  readonly usesTopicIds: boolean;
  readonly #targets: Map<TargetKey, FetchTarget>;
  #epoch = 1;
  createdMs: number;
  lastUsedMs: number;

  constructor(id: number, usesTopicIds: boolean, targets: Map<TargetKey, FetchTarget>, nowMs: number) {
    this.id = id;
    this.usesTopicIds = usesTopicIds;
    this.#targets = targets;
    this.createdMs = nowMs;
    this.lastUsedMs = nowMs;
  }

  get size(): number {
    return this.#targets.size;
  }

  /** The epoch that the next request must carry. */
  get epoch(): number {
    return this.#epoch;
  }

  targets(): IterableIterator<FetchTarget> {
    return this.#targets.values();
  }

  /** Takes in an incremental request. NONE, or why the client must begin a new session. */
  update(request: FetchRequest, version: number, nowMs: number): ErrorCode {
    if (request.sessionEpoch !== this.#epoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
    if (this.usesTopicIds !== version >= TOPIC_IDS_VERSION) return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
    for (const [key, asked] of targetsOf(request, version)) this.#put(key, asked);
    for (const topic of request.forgottenTopicsData) {
      const idText = this.usesTopicIds ? uuidToString(topic.topicId) : '';
      for (const index of topic.partitions) this.#targets.delete(keyOf(topic.topic, idText, index));
    }
    this.#epoch = this.#epoch === MAX_EPOCH ? 1 : this.#epoch + 1;
    this.lastUsedMs = nowMs;
    return ErrorCode.NONE;
  }

  #put(key: TargetKey, asked: FetchTarget): void {
    const known = this.#targets.get(key);
    if (known === undefined) {
      this.#targets.set(key, asked);
      return;
    }
    known.fetchOffset = asked.fetchOffset;
    known.maxBytes = asked.maxBytes;
    known.currentLeaderEpoch = asked.currentLeaderEpoch;
    known.lastFetchedEpoch = asked.lastFetchedEpoch;
  }

  /** Moves a partition that gave data behind all others. */
  rotate(target: FetchTarget): void {
    const key = keyOf(target.topic, target.topicIdText, target.index);
    if (this.#targets.delete(key)) this.#targets.set(key, target);
  }
}
