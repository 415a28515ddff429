// Decides AlterClientQuotas (KIP-546, KIP-612): for each entity the quotas that change, or why they cannot. Each entity succeeds or fails by
// itself, as a whole; codes, texts and the order of the checks are Kafka's.
import { isIP } from 'node:net';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { MetadataChange } from '../../metadata/change.ts';
import {
  isQuotaEntityType,
  quotaEntityKey,
  type QuotaEntity,
  type QuotaEntityType,
} from '../../metadata/client-quota-entity.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import { refusal, SUCCESS, type Outcome } from '../../settings/outcome.ts';
import { quotaValueProblem } from './quota-keys.ts';

/** Entities that may have quotas: each is held in memory and in the metadata's snapshots. */
export const MAX_QUOTA_ENTITIES = 10_000;
/** Characters of a name in an entity. */
export const MAX_ENTITY_NAME_LENGTH = 32_767;

/** As in the request. */
export interface QuotaAlteration {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[];
  readonly ops: readonly { readonly key: string; readonly value: number; readonly remove: boolean }[];
}

export interface AlteredQuotas extends Outcome {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[];
}

interface Decision {
  readonly changes: readonly MetadataChange[];
  readonly answer: readonly AlteredQuotas[];
}

/** For `MetadataStore.propose`. One answer an entity, in the order of the request. */
export function alterClientQuotas(
  image: MetadataImage,
  alterations: readonly QuotaAlteration[],
  { validateOnly }: { readonly validateOnly: boolean },
): Decision {
  const changes: MetadataChange[] = [];
  const answers = new Map<string, AlteredQuotas>();
  let entities = image.clientQuotas.size;
  for (const { entity, ops } of alterations) {
    const names = namesOf(entity);
    const named = [...names].map(([entityType, entityName]) => ({ entityType, entityName }));
    const id = JSON.stringify([...names].sort(([a], [b]) => (a < b ? -1 : 1)));
    const duplicate = answers.has(id) || new Set(ops.map(({ key }) => key)).size < ops.length;
    const decided = duplicate ? duplicateEntity(names) : decide(image, names, ops);
    if (isOutcome(decided)) {
      answers.set(id, { entity: named, ...decided });
      continue;
    }
    const isNew = !image.clientQuotas.has(quotaEntityKey(decided.entity));
    if (isNew && Object.keys(decided.values).length > 0) entities += 1;
    if (isNew && entities > MAX_QUOTA_ENTITIES) {
      answers.set(id, {
        entity: named,
        ...refusal(
          ErrorCode.INVALID_REQUEST,
          `There are quotas for ${MAX_QUOTA_ENTITIES} entities already, which is the most that this cluster keeps; remove some, or set defaults.`,
        ),
      });
      continue;
    }
    if (Object.keys(decided.values).length > 0) changes.push(decided);
    answers.set(id, { entity: named, ...SUCCESS });
  }
  return { changes: validateOnly ? [] : changes, answer: [...answers.values()] };
}

/** A type that is named twice has the last of its names, as in Kafka. */
function namesOf(entity: QuotaAlteration['entity']): ReadonlyMap<string, string | null> {
  return new Map(entity.map(({ entityType, entityName }) => [entityType, entityName]));
}

function decide(
  image: MetadataImage,
  names: ReadonlyMap<string, string | null>,
  ops: QuotaAlteration['ops'],
): Extract<MetadataChange, { kind: 'client-quotas-changed' }> | Outcome {
  const entity = entityOf(names);
  if (isOutcome(entity)) return entity;
  const now = image.clientQuotas.get(quotaEntityKey(entity))?.values;
  const values: Record<string, number | null> = {};
  for (const { key, value, remove } of ops) {
    if (remove) {
      if (now?.has(key) === true) values[key] = null;
      continue;
    }
    const problem = quotaValueProblem(entity, key, value);
    if (problem !== undefined) return invalid(problem);
    if (now?.get(key) !== value) values[key] = value;
  }
  return { kind: 'client-quotas-changed', entity, values };
}

function entityOf(names: ReadonlyMap<string, string | null>): QuotaEntity | Outcome {
  if (names.size === 0) return invalid('Invalid empty client quota entity');
  const entity: Partial<Record<QuotaEntityType, string | null>> = {};
  for (const [type, name] of names) {
    if (!isQuotaEntityType(type)) return invalid(`Unhandled client quota entity type: ${type}`);
    if (name === '') return invalid(`Empty ${type} not supported`);
    if (name !== null && name.length > MAX_ENTITY_NAME_LENGTH)
      return invalid(`The name of a ${type} has at most ${MAX_ENTITY_NAME_LENGTH} characters`);
    entity[type] = name;
  }
  const { ip } = entity;
  if (ip === undefined) return entity;
  if (names.size > 1)
    return invalid(
      'Invalid quota entity combination, IP entity should not be combined with User or ClientId',
    );
  // Kafka looks a host name up as well; what it stands for may change at any time, so here an address is asked for.
  if (ip !== null && isIP(ip) === 0) return invalid(`${ip} is not a valid IP or resolvable host.`);
  return entity;
}

function duplicateEntity(names: ReadonlyMap<string, string | null>): Outcome {
  const text = [...names].map(([type, name]) => `${type}=${name}`).join(', ');
  return invalid(`Ignoring duplicate entity ClientQuotaEntity(entries={${text}})`);
}

function invalid(message: string): Outcome {
  return refusal(ErrorCode.INVALID_REQUEST, message);
}

function isOutcome(decided: object): decided is Outcome {
  return 'errorCode' in decided;
}
