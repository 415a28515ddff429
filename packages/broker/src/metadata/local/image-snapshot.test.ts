import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, emptyImage } from '../apply-change.ts';
import { DEFAULT_FEATURES } from '../features.ts';
import { decodeSnapshot, encodeSnapshot } from './image-snapshot.ts';

describe('a snapshot of the image', () => {
  it('gives back all that is in the image', () => {
    const image = applyChanges(emptyImage(), [
      { kind: 'cluster-created', clusterId: 'c' },
      { kind: 'features-changed', levels: { 'transaction.version': 1, another: 3 } },
      {
        kind: 'client-quotas-changed',
        entity: { user: null, 'client-id': 'c' },
        values: { producer_byte_rate: 1, request_percentage: 0.5 },
      },
    ]);
    assert.deepEqual(decodeSnapshot(encodeSnapshot(image)), image);
  });

  it('keeps a feature out that was taken out', () => {
    const image = applyChanges(emptyImage(), [
      { kind: 'features-changed', levels: { 'transaction.version': 0 } },
    ]);
    assert.equal(decodeSnapshot(encodeSnapshot(image)).features.has('transaction.version'), false);
  });

  it('from before there were features has the default levels', () => {
    const old =
      '{"version":5,"clusterId":"c","nextProducerId":1000,"brokers":[],"topics":[],"configs":{"topic":{},"broker":{},"group":{}}}';
    const image = decodeSnapshot(Buffer.from(old));
    assert.equal(image.version, 5);
    assert.deepEqual(image.features, DEFAULT_FEATURES);
    assert.equal(image.clientQuotas.size, 0);
  });
});
