// The group coordinator's settings out of the broker's.
import type { BrokerSettings } from '../../settings/broker-settings.ts';
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from './group-settings.ts';

export function groupSettingsOf(settings: BrokerSettings): GroupSettings {
  return {
    ...DEFAULT_GROUP_SETTINGS,
    minSessionTimeoutMs: settings.groupMinSessionTimeoutMs,
    maxSessionTimeoutMs: settings.groupMaxSessionTimeoutMs,
    initialRebalanceDelayMs: settings.groupInitialRebalanceDelayMs,
    maxGroupSize: settings.groupMaxSize,
    offsetMetadataMaxBytes: settings.offsetMetadataMaxBytes,
    offsetsRetentionMs: settings.offsetsRetentionMs,
    offsetsRetentionCheckIntervalMs: settings.offsetsRetentionCheckIntervalMs,
    maxGroupsPerPartition: settings.groupMaxGroupsPerPartition,
    maxMemberMetadataBytes: settings.groupMaxMemberMetadataBytes,
    maxPendingMembers: settings.groupMaxPendingMembers,
    maxPendingRequests: settings.groupMaxPendingRequests,
  };
}
