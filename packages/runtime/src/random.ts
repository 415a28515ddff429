// Randomness as a dependency, so that a run can be replayed from its seed.

export interface Random {
  /** A uniformly distributed integer from 0 to `bound - 1`; `bound` is a positive safe integer up to 2^32. */
  integer(bound: number): number;
  /** `count` uniformly distributed bytes. */
  bytes(count: number): Uint8Array;
}
