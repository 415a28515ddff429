import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  consumerProtocolSubscription,
  newConsumerProtocolSubscription,
} from '@moldau/protocol/generated/records/consumer-protocol-subscription.ts';
import { Writer } from '@moldau/protocol/writer.ts';
import { subscribedTopicsOf } from './consumer-subscription.ts';

void test('the topics of every version are read, versions to come included', () => {
  const topics = fc.array(fc.string({ maxLength: 50 }).filter((topic) => topic.isWellFormed()));
  fc.assert(
    fc.property(
      topics,
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 9 }),
      (names, version, claimed) => {
        const writer = new Writer();
        writer.int16(claimed, 'version');
        consumerProtocolSubscription.encode(
          writer,
          newConsumerProtocolSubscription({ topics: names }),
          version,
        );
        assert.deepEqual(subscribedTopicsOf(writer.toBytes()), names);
      },
    ),
  );
});

void test('whatever else members send is just not a subscription', () => {
  assert.equal(subscribedTopicsOf(new Uint8Array(0)), undefined);
  assert.equal(
    subscribedTopicsOf(Uint8Array.of(0, 0, 0x7f, 0xff, 0xff, 0xff)),
    undefined,
    'a count that the bytes cannot hold',
  );
  assert.equal(subscribedTopicsOf(Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 1, 0xff)), undefined, 'not UTF-8');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void subscribedTopicsOf(bytes)));
});
