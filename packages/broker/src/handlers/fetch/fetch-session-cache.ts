// The fetch sessions of one broker, bounded by `max.incremental.fetch.session.cache.slots`: sessions are an optimisation, so a client that gets
// none is served by full fetches.
//
// Must stay true: never more sessions than slots; a session in use within the last two minutes is not pushed out by a smaller one.
import type { Random } from '@moldau/runtime';
import { FetchSession, type FetchTarget, type TargetKey } from './fetch-session.ts';

/** `min.incremental.fetch.session.eviction.ms`: a session that was idle this long gives way to any new one. */
export const SESSION_EVICTION_MS = 120_000;

export class FetchSessionCache {
  readonly #slots: number;
  readonly #random: Random;
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>();

  constructor(slots: number, random: Random) {
    this.#slots = slots;
    this.#random = random;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: number): FetchSession | undefined {
    return this.#sessions.get(id);
  }

  /** Marks the session as the most recently used. */
  touch(session: FetchSession): void {
    if (this.#sessions.delete(session.id)) this.#sessions.set(session.id, session);
  }

  remove(id: number): void {
    this.#sessions.delete(id);
  }

  /** A new session over `targets`, or undefined when there is no room. */
  create(
    usesTopicIds: boolean,
    targets: Map<TargetKey, FetchTarget>,
    nowMs: number,
  ): FetchSession | undefined {
    if (!this.#makeRoom(targets.size, nowMs)) return undefined;
    let id = 0;
    while (id === 0 || this.#sessions.has(id)) id = this.#random.integer(0x7fff_ffff);
    const session = new FetchSession(id, usesTopicIds, targets, nowMs);
    this.#sessions.set(id, session);
    return session;
  }

  #makeRoom(size: number, nowMs: number): boolean {
    if (this.#slots <= 0) return false;
    if (this.#sessions.size < this.#slots) return true;
    const [oldest] = this.#sessions.values();
    if (oldest === undefined) return false;
    const idle = nowMs - oldest.lastUsedMs > SESSION_EVICTION_MS;
    const smaller = nowMs - oldest.createdMs > SESSION_EVICTION_MS && oldest.size < size;
    if (!idle && !smaller) return false;
    this.#sessions.delete(oldest.id);
    return true;
  }
}
