/** Spelling: Kafka's CamelCase names as file names, constants and values. */

/** `OffsetCommitKey` -> `offsetCommitKey`. */
export function lowerCamel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** `OffsetCommit` -> `OFFSET_COMMIT`. */
export function upperSnake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/** A string literal in the generated code's style. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
