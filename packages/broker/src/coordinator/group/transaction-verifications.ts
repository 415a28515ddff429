// What the transaction's coordinator has said about a producer holds until the producer's transaction ends here: a marker that is appended between its
// answer and the commit makes the answer void, or the commit would open a transaction that nobody will ever end.
//
//   begin --> coordinator asked --> answer --> isValid? --> offsets appended
//                        marker appended here: no longer valid
//
// Must stay true: what is kept here is no state of the log and is never undone; a verification that has become void stays so.

/** A question to the coordinator that has been asked, or whose answer is about to be used. */
export interface Verification {
  readonly producerId: number;
}

export class TransactionVerifications {
  readonly #valid = new Map<number, Set<Verification>>();

  begin(producerId: number): Verification {
    const verification = { producerId };
    const others = this.#valid.get(producerId);
    if (others === undefined) this.#valid.set(producerId, new Set([verification]));
    else others.add(verification);
    return verification;
  }

  isValid(verification: Verification): boolean {
    return this.#valid.get(verification.producerId)?.has(verification) === true;
  }

  /** The answer is used, or not needed any more. */
  end(verification: Verification): void {
    const { producerId } = verification;
    const valid = this.#valid.get(producerId);
    valid?.delete(verification);
    if (valid?.size === 0) this.#valid.delete(producerId);
  }

  /** The producer's transaction ended. */
  ended(producerId: number): void {
    this.#valid.delete(producerId);
  }
}
