import assert from 'node:assert/strict';
import test from 'node:test';
import { applyChange, emptyImage } from '../metadata/apply-change.ts';
import { brokerSettingsFrom } from './broker-settings.ts';
import { EffectiveSettings } from './effective-settings.ts';

test('what clients change acts at once: for all brokers, and over that for one', () => {
  const metadata = { image: emptyImage() };
  const { settings } = brokerSettingsFrom('', ['max.connections=5']);
  const effective = new EffectiveSettings(settings, () => metadata.image, 1);
  const change = (name: string, value: string | null): void => {
    metadata.image = applyChange(metadata.image, {
      kind: 'configs-changed',
      resource: 'broker',
      name,
      configs: { 'max.connections': value },
    });
  };
  assert.equal(effective.current.maxConnections, 5);
  change('', '6');
  assert.equal(effective.current.maxConnections, 6);
  change('1', '7');
  change('2', '8');
  assert.equal(effective.current.maxConnections, 7);
  assert.equal(effective.current, effective.current);
  change('1', null);
  assert.equal(effective.current.maxConnections, 6);
});
