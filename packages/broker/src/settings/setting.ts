// What a setting is: the shape of the rows in `definitions/`. The rows are data, converted from Kafka's own tables of names, types,
// defaults and valid values; everything that reads, checks, describes or alters settings works from them.

export type SettingType =
  | 'BOOLEAN'
  | 'STRING'
  | 'INT'
  | 'SHORT'
  | 'LONG'
  | 'DOUBLE'
  | 'LIST'
  | 'CLASS'
  | 'PASSWORD';

/**
 * BOOLEAN: boolean. INT, SHORT, LONG, DOUBLE: number; a LONG beyond the safe integers becomes the largest (smallest) safe one, which
 * for times and sizes means the same: no limit. LIST: string[]. The others: string.
 */
export type SettingValue = boolean | number | string | readonly string[];

/** Where a setting may be changed while the broker runs (KIP-226): nowhere, for one broker only, or for one or all. */
export type DynamicScope = 'read-only' | 'per-broker' | 'cluster-wide';

export interface SettingDefinition {
  readonly name: string;
  readonly type: SettingType;
  /** As text, in the form that a client is shown; null: no value. */
  readonly default: string | null;
  /** In the notation of Kafka's documentation, see `valid-values.ts`; undefined: whatever the type allows. */
  readonly valid?: string;
  /** True when the broker acts on it. The others are kept, described and checked, and the start warns about them. */
  readonly honoured: boolean;
  readonly dynamic: DynamicScope;
  /** Left out of descriptions unless it was set: for tests and emergencies. */
  readonly internal?: true;
  /** What it does, in a sentence or two of ours; empty where the broker does not act on it. */
  readonly documentation: string;
}

/** A password or a key: its value is never shown. */
export function isSensitive(definition: SettingDefinition): boolean {
  return definition.type === 'PASSWORD';
}

export type SettingDefinitions = ReadonlyMap<string, SettingDefinition>;

/** The definitions by name, in the order of the names. */
export function byName(...lists: readonly (readonly SettingDefinition[])[]): SettingDefinitions {
  const all = lists.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(all.map((definition) => [definition.name, definition]));
}
