// Memory that batches lie in and that is used again when nobody needs it any more. Fresh memory for every request is what costs a busy broker most
// (the kernel clears each page before its first use), and the garbage collector gives it back late.
//
//   request arrives ---> 1 holder: the request       answered ------> released
//   batch appended  ---> + the log, for its tail      left the tail -> released        no holder left: used again
//   batch read      ---> + the reader                 answer sent ---> released
//
// Must stay true: whoever keeps or hands on a view of the memory holds it; a holder lets go once, after its last look. Forgetting to
// let go is harmless (the memory then goes the way of all garbage); letting go too early corrupts data.

export interface BatchMemory {
  /** One more holder. Only called by someone who holds it, or has it from a holder. */
  retain(): void;
  /** One holder less; the bytes must not be looked at afterwards. */
  release(): void;
}
