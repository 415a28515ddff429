// The settings of one client metrics subscription (KIP-714), all of Kafka's.
import type { SettingDefinition } from '../setting.ts';

export const CLIENT_METRICS_SETTINGS: readonly SettingDefinition[] = [
  {
    name: 'interval.ms',
    type: 'INT',
    default: '300000',
    honoured: true,
    dynamic: 'cluster-wide',
    documentation: 'How often, in ms, a client pushes its metrics: from 100 to 3600000.',
  },
  {
    name: 'match',
    type: 'LIST',
    default: '',
    honoured: true,
    dynamic: 'cluster-wide',
    documentation:
      'Which clients are asked: a list of `selector=regular expression`, all of which must match in full. Selectors are client_instance_id, client_id, client_software_name, client_software_version, client_source_address and client_source_port. Empty: all clients.',
  },
  {
    name: 'metrics',
    type: 'LIST',
    default: '',
    honoured: true,
    dynamic: 'cluster-wide',
    documentation: 'Prefixes of the names of the metrics that clients push. `*`: all of them. Empty: none.',
  },
];
