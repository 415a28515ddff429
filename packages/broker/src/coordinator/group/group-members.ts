// The members of a group as an immutable collection. Each join, sync and departure makes the next one, and a rebalance of n members makes some 3n
// of them; so that this does not cost n each time, collections share what they have in common:
//
//   base      a Map that many collections share and nobody changes
//   changes   what this one has otherwise: few entries, copied with each step and merged into a new base when they are many
//
// What the protocol asks of all members again and again (how many wait, what they have in common) is counted along.
import type { ClassicMember } from './classic-member.ts';

/** Changes are merged when there are more of them than this and the square root of the base's size. */
const FEW_CHANGES = 16;

interface Counts {
  /** Members that wait for the join phase to end. */
  readonly awaitingJoin: number;
  /** Members that support each protocol. */
  readonly supporters: ReadonlyMap<string, number>;
  /** Member ids by instance id. */
  readonly instances: ReadonlyMap<string, string>;
}

type Changes = ReadonlyMap<string, ClassicMember | undefined>;

export class GroupMembers {
  static readonly NONE = new GroupMembers(new Map(), new Map(), 0, {
    awaitingJoin: 0,
    supporters: new Map(),
    instances: new Map(),
  });

  readonly size: number;
  readonly #base: ReadonlyMap<string, ClassicMember>;
  /** Undefined: removed. */
  readonly #changes: Changes;
  readonly #counts: Counts;

  private constructor(
    base: ReadonlyMap<string, ClassicMember>,
    changes: Changes,
    size: number,
    counts: Counts,
  ) {
    this.#base = base;
    this.#changes = changes;
    this.size = size;
    this.#counts = counts;
  }

  static of(members: Iterable<ClassicMember>): GroupMembers {
    const base = new Map<string, ClassicMember>();
    for (const member of members) base.set(member.memberId, member);
    return new GroupMembers(base, new Map(), base.size, count(base.values()));
  }

  get awaitingJoin(): number {
    return this.#counts.awaitingJoin;
  }

  get(memberId: string): ClassicMember | undefined {
    return this.#changes.has(memberId) ? this.#changes.get(memberId) : this.#base.get(memberId);
  }

  has(memberId: string): boolean {
    return this.get(memberId) !== undefined;
  }

  /** The static member of the instance id. */
  ofInstance(groupInstanceId: string): ClassicMember | undefined {
    const memberId = this.#counts.instances.get(groupInstanceId);
    return memberId === undefined ? undefined : this.get(memberId);
  }

  /** How many members support the protocol. */
  supporters(protocolName: string): number {
    return this.#counts.supporters.get(protocolName) ?? 0;
  }

  /** In the order in which they came. */
  *values(): Generator<ClassicMember, undefined> {
    for (const [memberId, member] of this.#base) {
      const current = this.#changes.has(memberId) ? this.#changes.get(memberId) : member;
      if (current !== undefined) yield current;
    }
    for (const [memberId, member] of this.#changes)
      if (member !== undefined && !this.#base.has(memberId)) yield member;
  }

  /** With the member, in place of the one of its id if there is one. */
  with(member: ClassicMember): GroupMembers {
    const before = this.get(member.memberId);
    const counts = recount(this.#counts, before, member);
    return this.#next(
      new Map(this.#changes).set(member.memberId, member),
      this.size + (before === undefined ? 1 : 0),
      counts,
    );
  }

  without(memberId: string): GroupMembers {
    const before = this.get(memberId);
    if (before === undefined) return this;
    const changes = new Map(this.#changes);
    // Out of the changes altogether if the base does not know it; otherwise it would count for one that came back in its old place.
    if (this.#base.has(memberId)) changes.set(memberId, undefined);
    else changes.delete(memberId);
    return this.#next(changes, this.size - 1, recount(this.#counts, before, undefined));
  }

  map(change: (member: ClassicMember) => ClassicMember): GroupMembers {
    return GroupMembers.of(this.values().map(change));
  }

  #next(changes: Changes, size: number, counts: Counts): GroupMembers {
    const next = new GroupMembers(this.#base, changes, size, counts);
    if (changes.size <= FEW_CHANGES || changes.size ** 2 <= this.#base.size) return next;
    const base = new Map(next.values().map((member) => [member.memberId, member]));
    return new GroupMembers(base, new Map(), size, counts);
  }
}

function count(members: Iterable<ClassicMember>): Counts {
  let awaitingJoin = 0;
  const supporters = new Map<string, number>();
  const instances = new Map<string, string>();
  for (const member of members) {
    if (member.awaitingJoin !== undefined) awaitingJoin++;
    for (const name of protocolNames(member)) supporters.set(name, (supporters.get(name) ?? 0) + 1);
    if (member.groupInstanceId !== null) instances.set(member.groupInstanceId, member.memberId);
  }
  return { awaitingJoin, supporters, instances };
}

/** The counts when `after` takes the place of `before`, where there is either. */
function recount(
  counts: Counts,
  before: ClassicMember | undefined,
  after: ClassicMember | undefined,
): Counts {
  const waiting = (member: ClassicMember | undefined): number => (member?.awaitingJoin === undefined ? 0 : 1);
  const awaitingJoin = counts.awaitingJoin - waiting(before) + waiting(after);
  let { supporters, instances } = counts;
  if (before?.protocols !== after?.protocols) {
    const next = new Map(supporters);
    for (const name of protocolNames(before)) next.set(name, (next.get(name) ?? 0) - 1);
    for (const name of protocolNames(after)) next.set(name, (next.get(name) ?? 0) + 1);
    for (const [name, number] of next) if (number === 0) next.delete(name);
    supporters = next;
  }
  const left = before?.groupInstanceId ?? null;
  const came = after?.groupInstanceId ?? null;
  if (left !== came) {
    const next = new Map(instances);
    if (left !== null) next.delete(left);
    if (came !== null && after !== undefined) next.set(came, after.memberId);
    instances = next;
  }
  return { awaitingJoin, supporters, instances };
}

/** Each once. */
const protocolNames = (member: ClassicMember | undefined): ReadonlySet<string> =>
  new Set(member?.protocols.map(({ name }) => name));
