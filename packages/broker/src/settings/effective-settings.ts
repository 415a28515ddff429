// The settings as they are now: what the broker was started with, and over it what clients have changed since (KIP-226), for all brokers and for this one.
import type { ConfigOverrides, MetadataImage } from '../metadata/image.ts';
import { withDynamicConfigs, type BrokerSettings } from './broker-settings.ts';

export class EffectiveSettings {
  readonly #started: BrokerSettings;
  readonly #image: () => MetadataImage;
  readonly #brokerId: string;
  #configs: ReadonlyMap<string, ConfigOverrides> | undefined;
  #current: BrokerSettings;

  /** @param image the one of now */
  constructor(started: BrokerSettings, image: () => MetadataImage, brokerId: number) {
    this.#started = started;
    this.#image = image;
    this.#brokerId = String(brokerId);
    this.#current = started;
  }

  /** Worked out anew only when the settings of brokers have changed. */
  get current(): BrokerSettings {
    const configs = this.#image().brokerConfigs;
    if (configs !== this.#configs) {
      this.#configs = configs;
      this.#current = withDynamicConfigs(this.#started, configs.get(''), configs.get(this.#brokerId));
    }
    return this.#current;
  }
}
