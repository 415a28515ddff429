// Texts as a Kafka 4.3.1 broker gave them, but for the levels of metadata.version, of which there is one here.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { applyChanges, emptyImage } from './apply-change.ts';
import type { MetadataImage } from './image.ts';
import { updateFeatures, UpgradeType } from './update-features.ts';

const { UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE } = UpgradeType;
const start = emptyImage();
const without = applyChanges(start, [{ kind: 'features-changed', levels: { 'transaction.version': 0 } }]);
const DOWNGRADE =
  "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.";
const TYPE = 'The controller does not support the given upgrade type.';

const update = (
  image: MetadataImage,
  feature: string,
  level: number,
  upgradeType: number,
  validateOnly = false,
) => updateFeatures(image, [{ feature, maxVersionLevel: level, upgradeType }], { brokerId: 0, validateOnly });

describe('UpdateFeatures', () => {
  const refusals: readonly [MetadataImage, string, number, number, string][] = [
    [start, 'nope', 1, UPGRADE, 'Local controller 0 does not support this feature.'],
    [start, 'nope', 0, SAFE_DOWNGRADE, 'Feature nope not found.'],
    [start, 'group.version', 1, UPGRADE, 'Local controller 0 does not support this feature.'],
    [start, 'transaction.version', 3, UPGRADE, 'Local controller 0 only supports versions 0-2'],
    [start, 'transaction.version', -1, SAFE_DOWNGRADE, 'A feature version cannot be less than 0.'],
    [start, 'transaction.version', 1, UPGRADE, DOWNGRADE],
    [start, 'transaction.version', 0, UPGRADE, DOWNGRADE],
    [start, 'transaction.version', 1, 0, TYPE],
    [start, 'nope', -1, 9, TYPE],
    [without, 'transaction.version', 1, SAFE_DOWNGRADE, "Can't downgrade to a newer version."],
    [without, 'transaction.version', 1, UNSAFE_DOWNGRADE, "Can't downgrade to a newer version."],
    [start, 'metadata.version', 31, UPGRADE, 'Local controller 0 only supports versions 30-30'],
    [start, 'metadata.version', 29, SAFE_DOWNGRADE, 'Local controller 0 only supports versions 30-30'],
    [start, 'metadata.version', 0, SAFE_DOWNGRADE, 'Local controller 0 only supports versions 30-30'],
  ];
  for (const [image, feature, level, upgradeType, problem] of refusals) {
    it(`refuses ${feature} ${level}, upgrade type ${upgradeType}: ${problem}`, () => {
      const { changes, answer } = update(image, feature, level, upgradeType);
      assert.deepEqual(changes, []);
      assert.deepEqual(answer, {
        errorCode: ErrorCode.INVALID_UPDATE_VERSION,
        errorMessage: `The update failed for all features since the following feature had an error: Invalid update version ${level} for feature ${feature}. ${problem}`,
      });
    });
  }

  const accepted: readonly [MetadataImage, string, number, number, number | undefined][] = [
    [start, 'transaction.version', 1, SAFE_DOWNGRADE, 1],
    [start, 'transaction.version', 1, UNSAFE_DOWNGRADE, 1],
    [start, 'transaction.version', 0, SAFE_DOWNGRADE, undefined],
    [start, 'transaction.version', 2, UPGRADE, 2],
    [start, 'transaction.version', 2, SAFE_DOWNGRADE, 2],
    [without, 'transaction.version', 2, UPGRADE, 2],
    [start, 'metadata.version', 30, UPGRADE, 30],
    [start, 'group.version', 0, SAFE_DOWNGRADE, undefined],
  ];
  for (const [image, feature, level, upgradeType, after] of accepted) {
    it(`sets ${feature} from ${image.features.get(feature) ?? 0} to ${level}, upgrade type ${upgradeType}`, () => {
      const { changes, answer } = update(image, feature, level, upgradeType);
      assert.equal(answer.errorCode, ErrorCode.NONE);
      assert.equal(applyChanges(image, changes).features.get(feature), after);
    });
  }

  it('changes nothing when it is only to validate, or when one of several is refused', () => {
    assert.deepEqual(update(start, 'transaction.version', 1, SAFE_DOWNGRADE, true).changes, []);
    const updates = [
      { feature: 'transaction.version', maxVersionLevel: 1, upgradeType: SAFE_DOWNGRADE },
      { feature: 'nope', maxVersionLevel: 1, upgradeType: UPGRADE },
    ];
    const { changes, answer } = updateFeatures(start, updates, { brokerId: 0, validateOnly: false });
    assert.deepEqual([changes, answer.errorCode], [[], ErrorCode.INVALID_UPDATE_VERSION]);
  });
});
