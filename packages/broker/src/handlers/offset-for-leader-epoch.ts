// OffsetForLeaderEpoch (KIP-101, KIP-320): where an epoch ended, for consumers that check whether what they read is still there.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newEpochEndOffset,
  newOffsetForLeaderEpochResponse,
  newOffsetForLeaderTopicResult,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
  type EpochEndOffset,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
  type OffsetForLeaderPartition,
} from '@moldau/protocol/generated/offset-for-leader-epoch.ts';
import { offsetForLeaderEpoch as guard } from './access/topic-guards.ts';
import { leaderEpochError, ledPartition } from './led-partition.ts';
import { defineApi, type Services } from './services.ts';

export const offsetForLeaderEpoch = defineApi<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>({
  request: offsetForLeaderEpochRequest,
  response: offsetForLeaderEpochResponse,
  guard,
  handle(services, _context, request) {
    return newOffsetForLeaderEpochResponse({
      topics: request.topics.map((topic) =>
        newOffsetForLeaderTopicResult({
          topic: topic.topic,
          partitions: topic.partitions.map((asked) => endOffset(services, topic.topic, asked)),
        }),
      ),
    });
  },
});

function endOffset(services: Services, topic: string, asked: OffsetForLeaderPartition): EpochEndOffset {
  const led = ledPartition(services, topic, asked.partition);
  const error =
    led.partition === undefined
      ? led.error
      : leaderEpochError(asked.currentLeaderEpoch, led.image.leaderEpoch);
  if (led.partition === undefined || error !== ErrorCode.NONE)
    return newEpochEndOffset({ partition: asked.partition, errorCode: error });
  // The epoch in force has not ended: it reaches to the end of what can be read.
  if (asked.leaderEpoch === led.image.leaderEpoch) {
    return newEpochEndOffset({
      partition: asked.partition,
      leaderEpoch: asked.leaderEpoch,
      endOffset: led.partition.highWatermark,
    });
  }
  const known = led.partition.log.endOffsetOfEpoch(asked.leaderEpoch);
  return newEpochEndOffset({
    partition: asked.partition,
    leaderEpoch: known?.epoch ?? -1,
    endOffset: known?.endOffset ?? -1,
  });
}
