// What can be limited, as administrators name it, and which values each limit takes.
import type { QuotaEntity } from '../../metadata/client-quota-entity.ts';

/** Bytes a second that a client may produce. */
export const PRODUCER_BYTE_RATE = 'producer_byte_rate';
/** Bytes a second that a client may fetch. */
export const CONSUMER_BYTE_RATE = 'consumer_byte_rate';
/** Percent of the broker's time that a client's requests may take. */
export const REQUEST_PERCENTAGE = 'request_percentage';
/** Partitions a second that a client may create and delete. */
export const CONTROLLER_MUTATION_RATE = 'controller_mutation_rate';
/** Connections a second that an address may open. */
export const CONNECTION_CREATION_RATE = 'connection_creation_rate';

/** The quotas of users and client ids. */
export type ClientQuotaKey =
  | typeof PRODUCER_BYTE_RATE
  | typeof CONSUMER_BYTE_RATE
  | typeof REQUEST_PERCENTAGE
  | typeof CONTROLLER_MUTATION_RATE;

type QuotaType = 'INT' | 'LONG' | 'DOUBLE';

const CLIENT_QUOTAS: ReadonlyMap<string, QuotaType> = new Map<string, QuotaType>([
  [PRODUCER_BYTE_RATE, 'LONG'],
  [CONSUMER_BYTE_RATE, 'LONG'],
  [REQUEST_PERCENTAGE, 'DOUBLE'],
  [CONTROLLER_MUTATION_RATE, 'DOUBLE'],
]);
const ADDRESS_QUOTAS: ReadonlyMap<string, QuotaType> = new Map<string, QuotaType>([
  [CONNECTION_CREATION_RATE, 'INT'],
]);

/** Java's: what is larger does not fit the type. The largest long is not a double; the nearest one is let through, as in Java. */
const LARGEST: Readonly<Record<QuotaType, number>> = {
  INT: 2 ** 31 - 1,
  LONG: 2 ** 63,
  DOUBLE: Number.MAX_VALUE,
};
/** A double this near to a whole number is one. */
const FRACTION = 1e-6;

/** Why the entity cannot have this quota; undefined when it can. */
export function quotaValueProblem(entity: QuotaEntity, key: string, value: number): string | undefined {
  const type = (entity.ip === undefined ? CLIENT_QUOTAS : ADDRESS_QUOTAS).get(key);
  if (type === undefined) return `Invalid configuration key ${key}`;
  if (value <= 0) return `Quota ${key} must be greater than 0`;
  if (Number.isNaN(value)) return `Quota ${key} must be a number`;
  if (value > LARGEST[type])
    return `Proposed value for ${key} is too large for ${type === 'INT' ? 'an' : 'a'} ${type}.`;
  if (type !== 'DOUBLE' && value % 1 > FRACTION) return `${key} cannot be a fractional value.`;
  return undefined;
}
