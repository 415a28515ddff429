// What is kept of a user's password for SCRAM (RFC 5802): enough to check a proof of it, not enough to make one.
//
// Must stay true: the password itself and the salted password are never kept.

/** Kafka's codes of mechanisms. */
export const ScramMechanism = { SCRAM_SHA_256: 1, SCRAM_SHA_512: 2 } as const;

export interface ScramCredential {
  readonly user: string;
  readonly mechanism: number;
  readonly iterations: number;
  /** These three as base64. */
  readonly salt: string;
  readonly storedKey: string;
  readonly serverKey: string;
}

/** A user has at most one credential of each mechanism. */
export const scramKey = (user: string, mechanism: number): string => `${mechanism} ${user}`;
