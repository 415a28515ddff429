// Features: supported, finalized, raised and lowered. What is lowered is raised again: other tests use the same Kafka.
import type { StructValue } from '../../../packages/protocol/gen/interpreter.ts';
import type { Step } from '../step.ts';
import { list } from './requests.ts';

const UPGRADE = 1;
const SAFE_DOWNGRADE = 2;
const UNSAFE_DOWNGRADE = 3;

function update(
  name: string,
  updates: readonly (readonly [feature: string, level: number, upgradeType: number])[],
  validateOnly = false,
): Step {
  return {
    name: `features: ${name}`,
    api: 'UpdateFeatures',
    settleMs: 200,
    fields: () => ({
      timeoutMs: 5000,
      validateOnly,
      featureUpdates: updates.map(([feature, maxVersionLevel, upgradeType]) => ({
        feature,
        maxVersionLevel,
        upgradeType,
      })),
    }),
  };
}

/** In versions without upgrade types. */
const firstVersion = (name: string, maxVersionLevel: number, allowDowngrade: boolean): Step => ({
  name: `features: first version, ${name}`,
  api: 'UpdateFeatures',
  version: 0,
  settleMs: 200,
  fields: () => ({
    timeoutMs: 5000,
    featureUpdates: [{ feature: 'transaction.version', maxVersionLevel, allowDowngrade }],
  }),
});

/** What both have. Which APIs there are, and which of Kafka's features are not, is written in docs/compatibility.md. */
function sharedFeatures({ errorCode, supportedFeatures, finalizedFeatures, ...rest }: StructValue): unknown {
  const shared = (features: unknown) =>
    list(features ?? []).filter(({ name }) => name === 'transaction.version' || name === 'metadata.version');
  return {
    errorCode,
    finalizedFeaturesEpoch: rest['finalizedFeaturesEpoch'],
    supportedFeatures: shared(supportedFeatures),
    finalizedFeatures: shared(finalizedFeatures),
  };
}

const versions = (name: string, version?: number): Step => ({
  name: `versions: features ${name}`,
  api: 'ApiVersions',
  ...(version === undefined ? {} : { version }),
  fields: () => ({ clientSoftwareName: 'oracle', clientSoftwareVersion: '1' }),
  compared: sharedFeatures,
});

export const features: Step[] = [
  versions('at first'),
  versions('for older clients', 3),
  update('nothing', []),
  update('unknown', [['no.such.version', 1, UPGRADE]]),
  update('unknown, to zero', [['no.such.version', 0, SAFE_DOWNGRADE]]),
  update('no name', [['', 1, UPGRADE]]),
  update('too high', [['transaction.version', 3, UPGRADE]]),
  update('negative', [['transaction.version', -1, SAFE_DOWNGRADE]]),
  update('lower without saying so', [['transaction.version', 1, UPGRADE]]),
  update('unknown upgrade type', [['transaction.version', 1, 0]]),
  update('another unknown upgrade type', [['transaction.version', 1, 9]]),
  update('lower, validate only', [['transaction.version', 1, SAFE_DOWNGRADE]], true),
  versions('as before'),
  update('one good, one bad', [
    ['transaction.version', 1, SAFE_DOWNGRADE],
    ['no.such.version', 1, UPGRADE],
  ]),
  update('lower', [['transaction.version', 1, SAFE_DOWNGRADE]]),
  versions('lowered'),
  update('lower to more', [['transaction.version', 2, SAFE_DOWNGRADE]]),
  update('unsafe, to more', [['transaction.version', 2, UNSAFE_DOWNGRADE]]),
  update('lower to zero', [['transaction.version', 0, UNSAFE_DOWNGRADE]]),
  versions('without'),
  firstVersion('raised', 1, false),
  firstVersion('lower without saying so', 0, false),
  update('raised', [['transaction.version', 2, UPGRADE]]),
  update('the same', [['transaction.version', 2, UPGRADE]]),
  update('the same, as a downgrade', [['transaction.version', 2, SAFE_DOWNGRADE]]),
  versions('as at first'),
  update('metadata too high', [['metadata.version', 31, UPGRADE]]),
  update('metadata too low', [['metadata.version', 5, SAFE_DOWNGRADE]]),
  update('metadata lower', [['metadata.version', 29, SAFE_DOWNGRADE]], true),
  update('metadata lower, unsafe', [['metadata.version', 29, UNSAFE_DOWNGRADE]], true),
  update('metadata the same', [['metadata.version', 30, UPGRADE]]),
];
