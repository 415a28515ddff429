// Whom a quota is for: a user, a client id, both together, or an address. A name of null stands for the default: everyone of that type who
// has no quota of his own.
//
// Must stay true: two descriptions of the same entity have the same key, whatever order their types come in.

export type QuotaEntityType = 'user' | 'client-id' | 'ip';

/** Which types are named, and how; a type that is not named is absent. */
export type QuotaEntity = Readonly<Partial<Record<QuotaEntityType, string | null>>>;

const TYPES: readonly QuotaEntityType[] = ['user', 'client-id', 'ip'];

export function isQuotaEntityType(type: string): type is QuotaEntityType {
  return (TYPES as readonly string[]).includes(type);
}

/** The entity as text, the same for equal entities and different for different ones. */
export function quotaEntityKey(entity: QuotaEntity): string {
  return JSON.stringify(TYPES.flatMap((type) => (entity[type] === undefined ? [] : [[type, entity[type]]])));
}
