// Which partition of a coordinator's internal topic a key (group id, transactional id) belongs to. Every Kafka broker and tool must come to the
// same one, so it is Java's arithmetic: String.hashCode over UTF-16 units, in 32 bits with overflow.

/** `String.hashCode` of Java. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

/** The partition, from 0 to `partitions - 1`, that coordinates `key`. */
export function coordinatorPartition(key: string, partitions: number): number {
  // As Kafka's Utils.abs: the sign bit dropped only for the one number whose negation overflows.
  const hash = javaHashCode(key);
  return (hash === -0x8000_0000 ? 0 : Math.abs(hash)) % partitions;
}
