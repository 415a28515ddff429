// What is known of one group: the commits that were acknowledged, and who holds what. A committed offset never goes back.

interface Holding {
  readonly generation: number;
  readonly partitions: readonly string[];
}

export class GroupHistory {
  readonly #committed = new Map<string, number>();
  /** What each member was last assigned and still works on. */
  readonly #holdings = new Map<string, Holding>();
  commits = 0;
  rebalances = 0;

  /** The largest offset whose commit was acknowledged; -1 for none. To be taken before the request whose answer is judged. */
  committed(partition: string): number {
    return this.#committed.get(partition) ?? -1;
  }

  commitAcknowledged(partition: string, offset: number): void {
    this.commits += 1;
    this.#committed.set(partition, Math.max(this.committed(partition), offset));
  }

  holds(member: string, generation: number, partitions: readonly string[]): void {
    this.rebalances += 1;
    this.#holdings.set(member, { generation, partitions });
  }

  lets(member: string): void {
    this.#holdings.delete(member);
  }

  /** Why the group of `members` members is not at rest; undefined when it is: one generation, every partition with exactly one of them. */
  unrest(members: number, partitions: readonly string[]): string | undefined {
    const holdings = [...this.#holdings.values()];
    if (holdings.length !== members) return `${holdings.length} of ${members} members work`;
    if (new Set(holdings.map(({ generation }) => generation)).size !== 1)
      return 'members are of different generations';
    const held = holdings.flatMap((holding) => holding.partitions).sort();
    const wanted = [...partitions].sort();
    return held.join() === wanted.join()
      ? undefined
      : `partitions ${held.join(' ')} are held, not ${wanted.join(' ')}`;
  }
}
