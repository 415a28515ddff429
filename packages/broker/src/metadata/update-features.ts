// Decides UpdateFeatures (KIP-584): the finalized levels of features go up, or down where the client has said that they may. All of a
// request's updates succeed or none; codes, messages and the order of the checks are Kafka's.
//
//   upgrade           to a higher level, or the same
//   safe downgrade    to a lower level that loses nothing
//   unsafe downgrade  to a lower level, whatever is lost; no feature here has any such level
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { refusal, SUCCESS, type Outcome } from '../settings/outcome.ts';
import type { MetadataChange } from './change.ts';
import { METADATA_VERSION, SUPPORTED_FEATURES } from './features.ts';
import type { MetadataImage } from './image.ts';

export const UpgradeType = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const;
const UPGRADE_TYPES: ReadonlySet<number> = new Set(Object.values(UpgradeType));

/** Features that Kafka 4.3 has and this broker does not: their level is 0, and may be set to that. */
const FEATURES_OF_KAFKA: ReadonlySet<string> = new Set([
  'eligible.leader.replicas.version',
  'group.version',
  'kraft.version',
  'share.version',
  'streams.version',
]);

export interface FeatureUpdate {
  readonly feature: string;
  /** The level to finalize; 0 takes the feature out. */
  readonly maxVersionLevel: number;
  /** See `UpgradeType`. */
  readonly upgradeType: number;
}

/** For `MetadataStore.propose`. Of a feature that is named twice, the last update counts. */
export function updateFeatures(
  image: MetadataImage,
  updates: readonly FeatureUpdate[],
  { brokerId, validateOnly }: { readonly brokerId: number; readonly validateOnly: boolean },
): { readonly changes: readonly MetadataChange[]; readonly answer: Outcome } {
  const byFeature = new Map(updates.map((update) => [update.feature, update]));
  for (const update of byFeature.values()) {
    const problem = updateProblem(image, update, brokerId);
    if (problem !== undefined) {
      const { feature, maxVersionLevel } = update;
      return {
        changes: [],
        answer: refusal(
          ErrorCode.INVALID_UPDATE_VERSION,
          `The update failed for all features since the following feature had an error: Invalid update version ${maxVersionLevel} for feature ${feature}. ${problem}`,
        ),
      };
    }
  }
  const levels = [...byFeature.values()]
    .filter(({ feature, maxVersionLevel }) => maxVersionLevel !== levelOf(image, feature))
    .map(({ feature, maxVersionLevel }): [string, number] => [feature, maxVersionLevel]);
  return {
    changes:
      validateOnly || levels.length === 0
        ? []
        : [{ kind: 'features-changed', levels: Object.fromEntries(levels) }],
    answer: SUCCESS,
  };
}

function updateProblem(
  image: MetadataImage,
  { feature, maxVersionLevel: level, upgradeType }: FeatureUpdate,
  brokerId: number,
): string | undefined {
  if (!UPGRADE_TYPES.has(upgradeType)) {
    return 'The controller does not support the given upgrade type.';
  }
  if (level < 0) {
    return 'A feature version cannot be less than 0.';
  }
  const supported = SUPPORTED_FEATURES.get(feature);
  if (supported === undefined) {
    if (level > 0) {
      return `Local controller ${brokerId} does not support this feature.`;
    }
    return FEATURES_OF_KAFKA.has(feature) ? undefined : `Feature ${feature} not found.`;
  }
  const { minVersion, maxVersion } = supported;
  // Level 0 means without the feature, which every broker can do; but there is no metadata without a version.
  const without = level === 0 && feature !== METADATA_VERSION;
  if (!without && (level < minVersion || level > maxVersion)) {
    return `Local controller ${brokerId} only supports versions ${minVersion}-${maxVersion}`;
  }
  const current = levelOf(image, feature);
  if (level < current && upgradeType === UpgradeType.UPGRADE) {
    return "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.";
  }
  return level > current && upgradeType !== UpgradeType.UPGRADE
    ? "Can't downgrade to a newer version."
    : undefined;
}

function levelOf(image: MetadataImage, feature: string): number {
  return image.features.get(feature) ?? 0;
}
