// The tables of docs/configuration.md, from the same definitions that the broker checks settings by.
import { BROKER_SETTINGS, GROUP_SETTINGS, TOPIC_SETTINGS } from '@moldau/broker/settings/all-settings.ts';
import type { SettingDefinition, SettingDefinitions } from '@moldau/broker/settings/setting.ts';
import { markdownTable } from './replace-section.ts';

const OURS = 'moldau.';
const HEADS = ['setting', 'type', 'default', 'valid', 'changed at runtime', 'what it does'];

const honoured = (definitions: SettingDefinitions): SettingDefinition[] =>
  [...definitions.values()].filter((setting) => setting.honoured && setting.internal !== true);

const names = (definitions: SettingDefinitions): string =>
  [...definitions.values()]
    .filter((setting) => !setting.honoured)
    .map(({ name }) => `\`${name}\``)
    .join(', ');

function valueOf(text: string | null): string {
  if (text === null) return 'none';
  return text === '' ? 'empty' : `\`${text}\``;
}

function table(settings: readonly SettingDefinition[]): string {
  return markdownTable(
    HEADS,
    settings.map(({ name, type, default: text, valid, dynamic, documentation }) => [
      `\`${name}\``,
      type.toLowerCase(),
      valueOf(text),
      valid === undefined ? '' : `\`${valid}\``,
      dynamic === 'read-only' ? 'no' : dynamic,
      documentation,
    ]),
  );
}

/** By the name of the page's section. */
export const SETTINGS_SECTIONS: Readonly<Record<string, () => string>> = {
  'broker settings': () => table(honoured(BROKER_SETTINGS).filter(({ name }) => !name.startsWith(OURS))),
  'own settings': () => table(honoured(BROKER_SETTINGS).filter(({ name }) => name.startsWith(OURS))),
  'topic settings': () => table(honoured(TOPIC_SETTINGS)),
  'settings without effect': () =>
    [
      `Of a broker: ${names(BROKER_SETTINGS)}.`,
      `Of a topic: ${names(TOPIC_SETTINGS)}.`,
      `Of a group: ${names(GROUP_SETTINGS)}.`,
    ].join('\n\n'),
};
