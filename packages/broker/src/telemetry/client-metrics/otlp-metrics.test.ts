import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { message, metricsData, text } from '../../testing/otlp-message.ts';
import { decodeMetrics } from './otlp-metrics.ts';
import { ProtobufError } from './protobuf-reader.ts';

const wrapped = (metric: Uint8Array): Uint8Array => message([1, message([2, message([2, metric])])]);

describe('what a client pushes', () => {
  it('is read: gauges, totals, differences, attributes by name', () => {
    const bytes = metricsData(
      { name: 'a', kind: 'gauge', value: 1.5, attributes: { z: '1', b: '2' } },
      { name: 'b', kind: 'total', value: 7 },
      { name: 'c', kind: 'delta', value: -0.25 },
    );
    assert.deepEqual(decodeMetrics(bytes, 10), {
      points: [
        {
          name: 'a',
          kind: 'gauge',
          attributes: [
            ['b', '2'],
            ['z', '1'],
          ],
          value: 1.5,
        },
        { name: 'b', kind: 'total', attributes: [], value: 7 },
        { name: 'c', kind: 'delta', attributes: [], value: -0.25 },
      ],
      skipped: 0,
    });
  });

  it('may have integers, and a name behind its values', () => {
    const integer = Buffer.from([(6 << 3) | 1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    const metric = message([5, message([1, integer])], [1, text('late')]);
    assert.deepEqual(decodeMetrics(wrapped(metric), 10).points, [
      { name: 'late', kind: 'gauge', attributes: [], value: -2 },
    ]);
  });

  it('counts what it leaves out: histograms, points without a number, too many points', () => {
    const histogram = message([1, text('h')], [9, message([1, message()], [1, message()])]);
    const empty = message([1, text('e')], [5, message([1, message()])]);
    const unrecorded = message(
      [1, text('u')],
      [5, message([1, message([4, { double: 1 }], [8, { varint: 1 }])])],
    );
    for (const [metric, skipped] of [
      [histogram, 2],
      [empty, 1],
      [unrecorded, 1],
    ] as const)
      assert.deepEqual(decodeMetrics(wrapped(metric), 10), { points: [], skipped });
    const three = ['a', 'b', 'c'].map((name) => ({ name, kind: 'gauge' as const, value: 1 }));
    const decoded = decodeMetrics(metricsData(...three), 2);
    assert.deepEqual([decoded.points.length, decoded.skipped], [2, 1]);
  });

  it('is refused when it is cut short', () => {
    const bytes = metricsData({ name: 'a', kind: 'gauge', value: 1, attributes: { k: 'v' } });
    assert.throws(() => decodeMetrics(bytes.subarray(0, bytes.length - 1), 10), ProtobufError);
  });

  it('never does more than give points or say what is wrong, whatever the bytes', () => {
    const valid = metricsData({ name: 'a', kind: 'delta', value: 1, attributes: { k: 'v' } });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.nat(valid.length - 1), fc.nat(255))
        .map(([at, byte]) => Uint8Array.from(valid, (old, i) => (i === at ? byte : old))),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          assert.ok(decodeMetrics(input, 5).points.length <= 5);
        } catch (error) {
          assert.ok(error instanceof ProtobufError, String(error));
        }
      }),
    );
  });
});
