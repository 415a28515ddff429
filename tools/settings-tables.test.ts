import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BROKER_SETTINGS } from '@moldau/broker/settings/all-settings.ts';
import { SETTINGS_SECTIONS } from './settings-tables.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

test('docs/operations.md says of every limit of our own what a full one does', () => {
  const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
  const limits = [...BROKER_SETTINGS.keys()].filter((name) => /^moldau\.(.*\.)?max\./.test(name));
  assert.ok(limits.length > 5, 'the limits were found');
  assert.deepEqual(
    limits.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test('a setting is in one table, or among those without effect', () => {
  const [broker, own, topic, without] = Object.values(SETTINGS_SECTIONS).map((render) => render());
  assert.match(broker ?? '', /^\| `num\.partitions` \| int \| `1` \| `\[1,\.\.\.\]` \| no \|/m);
  assert.doesNotMatch(broker ?? '', /`moldau\./);
  assert.match(own ?? '', /^\| `moldau\.max\.partitions` \|/m);
  assert.match(topic ?? '', /^\| `retention\.ms` \| long \| `604800000` \|/m);
  assert.match(without ?? '', /^Of a broker: .*`controller\.quorum\.voters`/m);
  assert.doesNotMatch(without ?? '', /`num\.partitions`/);
});
