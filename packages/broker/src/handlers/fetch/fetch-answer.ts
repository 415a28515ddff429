// From what was read to the Fetch answer: grouped by topic, and in a session only the partitions that have something new to say.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newAbortedTransaction,
  newFetchResponse,
  newFetchableTopicResponse,
  newNodeEndpoint,
  newPartitionData,
  type FetchResponse,
  type PartitionData,
} from '@moldau/protocol/generated/fetch.ts';
import type { Services } from '../services.ts';
import type { FetchSession } from './fetch-session.ts';
import type { FetchLimits, FetchPass, TargetRead } from './read-targets.ts';

/** From this version on the answer names the current leader to who asked the wrong broker (KIP-951). */
const LEADER_VERSION = 16;

/** Builds the answer; `noteAnswered` has to follow when it is sent. */
export function fetchAnswer(
  services: Services,
  version: number,
  pass: FetchPass,
  limits: FetchLimits,
  session: FetchSession | undefined,
  incremental: boolean,
): FetchResponse {
  const response = newFetchResponse({ sessionId: session?.id ?? 0 });
  const leaders = new Set<number>();
  for (const read of pass.reads) {
    if (incremental && !hasNews(read)) continue;
    topicOf(response, read).partitions.push(partitionData(read, limits.readCommitted, version));
    if (namesLeader(read, version)) leaders.add(read.led.image?.leader ?? -1);
  }
  for (const id of leaders) {
    const broker = services.metadata.image.brokers.get(id);
    if (broker !== undefined)
      response.nodeEndpoints.push(
        newNodeEndpoint({ nodeId: id, host: broker.host, port: broker.port, rack: broker.rack }),
      );
  }
  return response;
}

function hasNews(read: TargetRead): boolean {
  const { target } = read;
  return (
    read.slice.byteLength > 0 ||
    read.error !== ErrorCode.NONE ||
    read.diverging !== undefined ||
    target.toldError ||
    target.toldHighWatermark !== read.highWatermark ||
    target.toldLogStartOffset !== read.logStartOffset
  );
}

/** Notes in the session what the client has been told. */
export function noteAnswered(pass: FetchPass, session: FetchSession, incremental: boolean): void {
  // A partition with news changes its place in the session, not what there is to say about others.
  for (const read of pass.reads) if (!incremental || hasNews(read)) noteTold(session, read);
}

function noteTold(session: FetchSession, read: TargetRead): void {
  const { target } = read;
  target.toldHighWatermark = read.highWatermark;
  target.toldLogStartOffset = read.logStartOffset;
  target.toldError = read.error !== ErrorCode.NONE;
  if (read.slice.byteLength > 0) session.rotate(target);
}

/** The last topic of the answer if it is the right one, else a new one: reads of a topic mostly come together. */
function topicOf(response: FetchResponse, read: TargetRead) {
  const { target } = read;
  const last = response.responses.at(-1);
  if (last !== undefined && last.topic === target.topic && last.topicId === target.topicId) return last;
  const known = response.responses.find(
    (topic) => topic.topic === target.topic && Buffer.compare(topic.topicId, target.topicId) === 0,
  );
  if (known !== undefined) return known;
  const topic = newFetchableTopicResponse({ topic: target.topic, topicId: target.topicId });
  response.responses.push(topic);
  return topic;
}

function namesLeader(read: TargetRead, version: number): boolean {
  return (
    version >= LEADER_VERSION &&
    read.led.image !== undefined &&
    (read.error === ErrorCode.NOT_LEADER_OR_FOLLOWER || read.error === ErrorCode.FENCED_LEADER_EPOCH)
  );
}

function abortedTransaction({ producerId, firstOffset }: TargetRead['aborted'][number]) {
  return newAbortedTransaction({ producerId, firstOffset });
}

function partitionData(read: TargetRead, readCommitted: boolean, version: number): PartitionData {
  const data = newPartitionData({
    partitionIndex: read.target.index,
    errorCode: read.error,
    highWatermark: read.highWatermark,
    lastStableOffset: read.lastStableOffset,
    logStartOffset: read.logStartOffset,
    abortedTransactions: readCommitted ? read.aborted.map(abortedTransaction) : null,
    records: read.slice.buffers,
  });
  if (read.diverging !== undefined) {
    data.divergingEpoch.epoch = read.diverging.epoch;
    data.divergingEpoch.endOffset = read.diverging.endOffset;
  }
  if (namesLeader(read, version) && read.led.image !== undefined) {
    data.currentLeader.leaderId = read.led.image.leader;
    data.currentLeader.leaderEpoch = read.led.image.leaderEpoch;
  }
  return data;
}
