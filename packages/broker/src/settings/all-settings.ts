// All settings by the resource they belong to.
import { ACCEPTED_BROKER_SETTINGS } from './definitions/accepted-broker-settings.ts';
import { CLIENT_METRICS_SETTINGS as CLIENT_METRICS_ROWS } from './definitions/client-metrics-settings.ts';
import { GROUP_SETTINGS as GROUP_ROWS } from './definitions/group-settings.ts';
import { HONOURED_BROKER_SETTINGS } from './definitions/honoured-broker-settings.ts';
import { HONOURED_COORDINATOR_SETTINGS } from './definitions/honoured-coordinator-settings.ts';
import { HONOURED_LOG_SETTINGS } from './definitions/honoured-log-settings.ts';
import { MOLDAU_SETTINGS } from './definitions/moldau-settings.ts';
import { TOPIC_SETTINGS as TOPIC_ROWS } from './definitions/topic-settings.ts';
import { byName, type SettingDefinitions } from './setting.ts';

/** Kafka's and ours. */
export const BROKER_SETTINGS: SettingDefinitions = byName(
  HONOURED_BROKER_SETTINGS,
  HONOURED_COORDINATOR_SETTINGS,
  HONOURED_LOG_SETTINGS,
  ACCEPTED_BROKER_SETTINGS,
  MOLDAU_SETTINGS,
);
export const TOPIC_SETTINGS: SettingDefinitions = byName(TOPIC_ROWS);
export const CLIENT_METRICS_SETTINGS: SettingDefinitions = byName(CLIENT_METRICS_ROWS);
export const GROUP_SETTINGS: SettingDefinitions = byName(GROUP_ROWS);
