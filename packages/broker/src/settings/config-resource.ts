// The kinds of things that have settings, by their numbers in the protocol.
import type { ConfigResource } from '../metadata/change.ts';

export const ConfigResourceType = {
  UNKNOWN: 0,
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const;

/** The kind, or undefined for one that has no settings in the metadata. */
export function configResourceOf(type: number): ConfigResource | undefined {
  switch (type) {
    case ConfigResourceType.TOPIC:
      return 'topic';
    case ConfigResourceType.BROKER:
      return 'broker';
    case ConfigResourceType.CLIENT_METRICS:
      return 'client-metrics';
    case ConfigResourceType.GROUP:
      return 'group';
    default:
      return undefined;
  }
}
