// How many connections there may be, in all (`max.connections`) and from one address (`max.connections.per.ip`).

export class ConnectionLimits {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  constructor(max: number, maxPerAddress: number) {
    this.#max = max;
    this.#maxPerAddress = maxPerAddress;
  }

  /** The setting that forbids one more connection from `address`; undefined when none does. */
  refusal(address: string): string | undefined {
    if (this.#total >= this.#max) return `max.connections=${this.#max}`;
    if ((this.#perAddress.get(address) ?? 0) >= this.#maxPerAddress)
      return `max.connections.per.ip=${this.#maxPerAddress}`;
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
