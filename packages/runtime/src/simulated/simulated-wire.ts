// What a simulated connection needs of the network it belongs to.

import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedConnection } from './simulated-connection.ts';

export interface SimulatedWire {
  readonly random: SeededRandom;
  /** Runs `arrive` after a latency drawn from the seed. */
  travel(arrive: () => void): void;
  /** Runs `task` at the present moment, but not within the present call. */
  soon(task: () => void): void;
  /** This end is over. */
  forget(connection: SimulatedConnection): void;
}
