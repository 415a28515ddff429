// What went wrong during a run. Each kind is kept once with a count, so that a thousand repeats read as one line.

export class Findings {
  readonly #counts = new Map<string, { count: number; detail: string }>();

  /** `kind` groups; `detail` is kept of the first. */
  add(kind: string, detail = ''): void {
    const known = this.#counts.get(kind);
    if (known === undefined) this.#counts.set(kind, { count: 1, detail });
    else known.count += 1;
  }

  get size(): number {
    return this.#counts.size;
  }

  lines(): string[] {
    return Array.from(this.#counts, ([kind, { count, detail }]) => `${kind} (${count} times): ${detail}`);
  }
}
