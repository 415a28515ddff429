// One file as the operating system and the device see it: what reads show now, what a power cut would leave for certain, and
// the changes between the two.
//
//   durable  --- change 0 --- change 1 --- change 2 --->  current
//                (write)      (resize)     (write)
//
// A sync moves `durable` up to the changes that were there when it began. A power cut takes, for each 512-byte sector on its
// own, the content after some change (or none) that touched it, and for the size the size after some change (or none):
// the versions that the page cache held, one of which the device got to. So a sector never shows a newer write without the older
// ones in the same sector, and any combination across sectors can happen.
//
// A truncation goes with the size: when the size that is left is as new as the truncation, the bytes cut off are gone.
//
// Must stay true: a byte covered by a successful sync is in `durable`, and is changed there only by newer changes.

import type { SeededRandom } from './seeded-random.ts';
import { SparseBytes } from './sparse-bytes.ts';

/** What a device writes whole or not at all. */
export const SECTOR_BYTES = 512;

interface Change {
  readonly sequence: number;
  /** Undefined for a resize. */
  readonly bytes: Uint8Array | undefined;
  /** Where a write begins; of a resize that shrinks, the new size; of one that grows, Infinity. */
  readonly position: number;
  /** Where a write ends. Comes down when a truncation below it has become durable. */
  end: number;
  /** The file's size after the change. */
  sizeAfter: number;
}

/** For each sector, the index of the last pending change of which it shows the content; -1 for none. */
type SectorChoice = (sector: number) => number;

interface Survival {
  readonly sectors: SectorChoice;
  /** The index of the last pending change whose size counts; -1 for the durable size. */
  readonly size: number;
}

export class SimulatedFileContent {
  #current = new SparseBytes();
  #durable = new SparseBytes();
  /** `durable` may hold more: a sector reaches the device whole, before the size that shows all of it does. */
  #durableSize = 0;
  #pending: Change[] = [];
  /** Sectors made durable by `syncWrite` ahead of older changes elsewhere: those up to this sequence are in `durable` already. */
  readonly #floors = new Map<number, number>();
  #sequence = 0;

  get size(): number {
    return this.#current.size;
  }

  /** The sequence of the latest change: what a sync that begins now will cover. */
  get sequence(): number {
    return this.#sequence;
  }

  read(target: Uint8Array, position: number): number {
    return this.#current.read(target, position);
  }

  /** Writes a copy of `bytes`; not durable yet. */
  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) {
      return;
    }
    this.#current.write(bytes, position);
    this.#add({ bytes: bytes.slice(), position, end: position + bytes.length });
  }

  resize(size: number): void {
    const shrinks = size < this.#current.size;
    this.#current.resize(size);
    this.#add({ bytes: undefined, position: shrinks ? size : Infinity, end: Infinity });
  }

  /** A sync of the whole file that began when `sequence` was the latest has succeeded. */
  sync(sequence: number): void {
    const covered = this.#takePending(sequence);
    this.#durable = this.#apply(covered, { sectors: () => Infinity, size: covered.length - 1 });
    if (this.#pending.length === 0) {
      this.#floors.clear();
    }
  }

  /** Makes the latest change, a write, durable, with no more of the file than the device and the size need. */
  syncLatestWrite(): void {
    const latest = this.#pending.at(-1);
    if (latest?.bytes === undefined) {
      return;
    }
    const truncated = this.#pending.some(
      (change) => change.position === change.sizeAfter && change.bytes === undefined,
    );
    if (latest.end > this.#durableSize || truncated) {
      this.#syncSize();
    }
    // The page cache hands the device whole sectors: older changes in the same ones go along.
    const first = Math.floor(latest.position / SECTOR_BYTES);
    const last = Math.floor((latest.end - 1) / SECTOR_BYTES);
    for (const change of this.#pending) {
      if (change.position < (last + 1) * SECTOR_BYTES && change.end > first * SECTOR_BYTES) {
        this.#applySectors(this.#durable, change, (sector) => sector >= first && sector <= last);
      }
    }
    for (let sector = first; sector <= last; sector++) {
      this.#floors.set(sector, latest.sequence);
    }
    this.#pending.pop();
  }

  /**
   * A sync that began at `sequence` has failed. What it covered reached the device or not, as at a power cut, but counts as clean from now
   * on: no later sync writes it. Reads show it still, or, when `evicted`, what the device has.
   */
  failSync(sequence: number, random: SeededRandom, evicted: boolean): void {
    const covered = this.#takePending(sequence);
    this.#durable = this.#apply(covered, this.#drawSurvival(covered, random));
    if (evicted) {
      const size = this.#current.size;
      this.#current = this.#durable.clone();
      for (const change of this.#pending) {
        if (change.bytes !== undefined) {
          this.#current.write(change.bytes.subarray(0, change.end - change.position), change.position);
        }
      }
      this.#current.resize(size);
    }
  }

  /** The power fails: from now on reads show what has survived. */
  powerCut(random: SeededRandom): void {
    const lost = this.#takePending(Infinity);
    this.#durable = this.#apply(lost, this.#drawSurvival(lost, random));
    this.#current = this.#durable.clone();
    this.#floors.clear();
  }

  /** Flips one bit, on the device and in what is read. */
  flipBit(position: number, bit: number): void {
    const byte = new Uint8Array(1);
    for (const bytes of [this.#current, this.#durable]) {
      if (bytes.read(byte, position) === 1) {
        byte[0]! ^= 1 << bit;
        bytes.write(byte, position);
      }
    }
  }

  #add(change: Pick<Change, 'bytes' | 'position' | 'end'>): void {
    this.#sequence += 1;
    this.#pending.push({ ...change, sequence: this.#sequence, sizeAfter: this.#current.size });
  }

  /** Takes the changes up to `sequence` out of the pending ones. */
  #takePending(sequence: number): Change[] {
    const rest = this.#pending.findIndex((change) => change.sequence > sequence);
    return this.#pending.splice(0, rest === -1 ? this.#pending.length : rest);
  }

  /** Makes the present size, and the truncations that led to it, durable. */
  #syncSize(): void {
    const kept: Change[] = [];
    for (const change of this.#pending) {
      if (change.bytes === undefined) {
        if (change.position !== Infinity) {
          this.#durable.zero(change.position, Infinity);
          for (const older of kept) {
            older.end = Math.max(older.position, Math.min(older.end, change.position));
          }
        }
      } else {
        kept.push(change);
      }
    }
    const size = this.#current.size;
    for (const change of kept) {
      change.sizeAfter = size;
    }
    this.#pending = kept;
    this.#durable.resize(size);
    this.#durableSize = size;
  }

  /** The durable content with those parts of `changes` applied that survive. */
  #apply(changes: readonly Change[], survival: Survival): SparseBytes {
    const result = this.#durable;
    const size = survival.size < 0 ? this.#durableSize : changes[survival.size]!.sizeAfter;
    for (const [index, change] of changes.entries()) {
      if (change.bytes !== undefined) {
        this.#applySectors(result, change, (sector) => index <= survival.sectors(sector));
      } else if (index <= survival.size && change.position !== Infinity) {
        result.zero(change.position, Infinity);
      }
    }
    result.resize(size);
    this.#durableSize = size;
    return result;
  }

  /** Applies the parts of a write that lie in the sectors that are `wanted` and do not have them yet. */
  #applySectors(target: SparseBytes, change: Change, wanted: (sector: number) => boolean): void {
    if (change.bytes === undefined) {
      return;
    }
    for (let at = change.position; at < change.end;) {
      const sector = Math.floor(at / SECTOR_BYTES);
      const end = Math.min(change.end, (sector + 1) * SECTOR_BYTES);
      if (change.sequence > (this.#floors.get(sector) ?? 0) && wanted(sector)) {
        target.write(change.bytes.subarray(at - change.position, end - change.position), at);
      }
      at = end;
    }
  }

  /** Draws what is left of `changes`; see the kinds below, each of which an order of write-back can lead to. */
  #drawSurvival(changes: readonly Change[], random: SeededRandom): Survival {
    const count = changes.length;
    switch (random.integer(8)) {
      case 0: // Nothing was written back.
        return { sectors: () => -1, size: -1 };
      case 1: // All was.
        return { sectors: () => count - 1, size: count - 1 };
      case 2:
      case 3: {
        // In order, up to a change that is torn.
        const torn = random.integer(count + 1);
        const choice = memo(() => (random.integer(2) === 0 ? torn : torn - 1));
        return { sectors: choice, size: Math.min(count, torn + random.integer(2)) - 1 };
      }
      case 4:
      case 5: {
        // Each change whole or not at all.
        const kept = changes.map(() => random.integer(2) === 0);
        const touching = touchingChanges(changes);
        return {
          sectors: memo((sector) => touching.get(sector)?.findLast((index) => kept[index]) ?? -1),
          size: random.integer(count + 1) - 1,
        };
      }
      default: {
        // Each sector for itself.
        const touching = touchingChanges(changes);
        return {
          sectors: memo((sector) => {
            const indexes = touching.get(sector) ?? [];
            return indexes[random.integer(indexes.length + 1)] ?? -1;
          }),
          size: random.integer(count + 1) - 1,
        };
      }
    }
  }
}

/** For each sector the indexes of the writes that touch it, in order. */
function touchingChanges(changes: readonly Change[]): Map<number, number[]> {
  const touching = new Map<number, number[]>();
  for (const [index, change] of changes.entries()) {
    if (change.bytes === undefined || change.end <= change.position) {
      continue;
    }
    const last = Math.floor((change.end - 1) / SECTOR_BYTES);
    for (let sector = Math.floor(change.position / SECTOR_BYTES); sector <= last; sector++) {
      const indexes = touching.get(sector);
      if (indexes === undefined) {
        touching.set(sector, [index]);
      } else {
        indexes.push(index);
      }
    }
  }
  return touching;
}

/** A choice made once a sector. */
function memo(choose: SectorChoice): SectorChoice {
  const chosen = new Map<number, number>();
  return (sector) => {
    let choice = chosen.get(sector);
    if (choice === undefined) {
      choice = choose(sector);
      chosen.set(sector, choice);
    }
    return choice;
  };
}
