// UpdateFeatures (KIP-584): raises or lowers the finalized levels of features.
import {
  newUpdatableFeatureResult,
  newUpdateFeaturesResponse,
  updateFeaturesRequest,
  updateFeaturesResponse,
  type FeatureUpdateKey,
  type UpdateFeaturesRequest,
  type UpdateFeaturesResponse,
} from '@moldau/protocol/generated/update-features.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { UpgradeType, updateFeatures as decide } from '../metadata/update-features.ts';
import { updateFeatures as guard } from './access/cluster-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

const FIRST_WITH_UPGRADE_TYPE = 1;
/** From here on a success needs no list of results: all succeed or none. */
const FIRST_WITHOUT_RESULTS = 2;

export const updateFeatures = defineApi<UpdateFeaturesRequest, UpdateFeaturesResponse>({
  request: updateFeaturesRequest,
  response: updateFeaturesResponse,
  guard,
  async handle(services, { apiVersion }, { featureUpdates, validateOnly }) {
    const updates = featureUpdates.map((update) => ({
      feature: update.feature,
      maxVersionLevel: update.maxVersionLevel,
      upgradeType: upgradeTypeOf(update, apiVersion),
    }));
    const { brokerId } = services;
    const { answer, failure } = await propose(services, (image) =>
      decide(image, updates, { brokerId, validateOnly }),
    );
    const { errorCode, errorMessage } = answer ?? failure;
    const listed = errorCode === ErrorCode.NONE && apiVersion < FIRST_WITHOUT_RESULTS;
    return newUpdateFeaturesResponse({
      errorCode,
      errorMessage,
      results: listed
        ? updates.map(({ feature }) => newUpdatableFeatureResult({ feature, errorMessage: 'NONE' }))
        : [],
    });
  },
});

function upgradeTypeOf({ allowDowngrade, upgradeType }: FeatureUpdateKey, apiVersion: number): number {
  if (apiVersion >= FIRST_WITH_UPGRADE_TYPE) return upgradeType;
  return allowDowngrade ? UpgradeType.SAFE_DOWNGRADE : UpgradeType.UPGRADE;
}
