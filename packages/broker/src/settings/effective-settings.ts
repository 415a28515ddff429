// The settings as they are now: what the broker was started with, and over it what clients have changed since (KIP-226), for all brokers and for this one.
import type { ConfigOverrides } from '../metadata/image.ts';
import type { MetadataStore } from '../metadata/metadata-store.ts';
import { withDynamicConfigs, type BrokerSettings } from './broker-settings.ts';

export class EffectiveSettings {
  readonly #started: BrokerSettings;
  readonly #metadata: Pick<MetadataStore, 'image'>;
  readonly #brokerId: string;
  #configs: ReadonlyMap<string, ConfigOverrides> | undefined;
  #current: BrokerSettings;

  constructor(started: BrokerSettings, metadata: Pick<MetadataStore, 'image'>, brokerId: number) {
    this.#started = started;
    this.#metadata = metadata;
    this.#brokerId = String(brokerId);
    this.#current = started;
  }

  /** Worked out anew only when the settings of brokers have changed. */
  get current(): BrokerSettings {
    const configs = this.#metadata.image.brokerConfigs;
    if (configs !== this.#configs) {
      this.#configs = configs;
      this.#current = withDynamicConfigs(this.#started, configs.get(''), configs.get(this.#brokerId));
    }
    return this.#current;
  }
}
