// The few topics and groups that random requests name. A request about names that exist gets further than one about names that do
// not; and a small pool keeps the broker's state, so its memory, bounded. The normal client's names are not among them.

export interface KnownTopic {
  readonly name: string;
  readonly id: Uint8Array;
}

export interface KnownNames {
  readonly topics: readonly KnownTopic[];
  readonly groups: readonly string[];
}

export const TOPIC_NAMES: readonly string[] = ['fuzz-0', 'fuzz-1', 'fuzz-2', 'fuzz-3'];
export const GROUP_NAMES: readonly string[] = ['fuzz-group-0', 'fuzz-group-1', 'fuzz-group-2'];
