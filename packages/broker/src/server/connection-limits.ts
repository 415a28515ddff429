// How many connections there may be, in all (`max.connections`) and from one address (`max.connections.per.ip`).

export interface Limits {
  readonly max: number;
  readonly maxPerAddress: number;
}

export class ConnectionLimits {
  readonly #limits: () => Limits;
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  /** @param limits what holds now */
  constructor(limits: () => Limits) {
    this.#limits = limits;
  }

  /** The setting that forbids one more connection from `address`; undefined when none does. */
  refusal(address: string): string | undefined {
    const { max, maxPerAddress } = this.#limits();
    if (this.#total >= max) return `max.connections=${max}`;
    if ((this.#perAddress.get(address) ?? 0) >= maxPerAddress)
      return `max.connections.per.ip=${maxPerAddress}`;
    return undefined;
  }

  opened(address: string): void {
    this.#total += 1;
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
  }

  closed(address: string): void {
    this.#total -= 1;
    const left = (this.#perAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }
}
