// How a coordinator's state goes back when records that it has already applied are discarded by the log.
//
// Decisions are made on the newest state, which runs ahead of what is durable. Every change of that state is noted here with the value that it
// replaced; positions number the changes:
//
//        forgotten             kept: can be undone
//   ---------------------|--------------------------|
//                  firstKept                     position
//
//   append settles as durable   -> forget what lies before the next append that is still open
//   append is discarded         -> roll back to where the decision that made it began
//
// All mutable state of a coordinator that requests can observe lives in UndoMaps over one UndoLog; values in the maps never change in place.
import assert from 'node:assert/strict';

interface Change {
  readonly map: Restorable;
  readonly key: unknown;
  /** The value before, or ABSENT. */
  readonly previous: unknown;
}

interface Restorable {
  restore(key: unknown, previous: unknown): void;
}

const ABSENT: unique symbol = Symbol('absent');

export class UndoLog {
  #changes: Change[] = [];
  #firstKept = 0;

  /** The number of changes ever made: where a roll back to now would go. */
  get position(): number {
    return this.#firstKept + this.#changes.length;
  }

  /** How many changes are kept. */
  get size(): number {
    return this.#changes.length;
  }

  note(map: Restorable, key: unknown, previous: unknown): void {
    this.#changes.push({ map, key, previous });
  }

  /** Takes back every change from `position` on, newest first. */
  rollBackTo(position: number): void {
    assert(
      position >= this.#firstKept && position <= this.position,
      'a change that was forgotten cannot be undone',
    );
    while (this.position > position) {
      const change = this.#changes.pop();
      assert(change !== undefined);
      change.map.restore(change.key, change.previous);
    }
  }

  /** Gives up undoing what was changed before `position`. */
  forgetBefore(position: number): void {
    assert(position <= this.position, 'cannot forget what has not happened');
    if (position <= this.#firstKept) return;
    this.#changes = position === this.position ? [] : this.#changes.slice(position - this.#firstKept);
    this.#firstKept = position;
  }
}

/** A Map whose changes are noted in an UndoLog. A roll back restores its content; the order of entries may differ. */
export class UndoMap<Key, Value> {
  readonly #log: UndoLog;
  readonly #map = new Map<Key, Value>();

  constructor(log: UndoLog) {
    this.#log = log;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  set(key: Key, value: Value): void {
    this.#log.note(this, key, this.#map.has(key) ? this.#map.get(key) : ABSENT);
    this.#map.set(key, value);
  }

  delete(key: Key): boolean {
    if (!this.#map.has(key)) return false;
    this.#log.note(this, key, this.#map.get(key));
    return this.#map.delete(key);
  }

  keys(): MapIterator<Key> {
    return this.#map.keys();
  }

  values(): MapIterator<Value> {
    return this.#map.values();
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.#map[Symbol.iterator]();
  }

  /** For the UndoLog only. */
  restore(key: unknown, previous: unknown): void {
    if (previous === ABSENT) this.#map.delete(key as Key);
    else this.#map.set(key as Key, previous as Value);
  }
}
