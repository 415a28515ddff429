// Answers DescribeClientQuotas (KIP-546): the quotas of the entities that a filter names. Codes, texts and the order of the checks are Kafka's.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  isQuotaEntityType,
  type QuotaEntity,
  type QuotaEntityType,
} from '../../metadata/client-quota-entity.ts';
import type { EntityQuotas, MetadataImage } from '../../metadata/image.ts';
import { refusal, type Outcome } from '../../settings/outcome.ts';

const MATCH_EXACT = 0;
const MATCH_DEFAULT = 1;
const MATCH_SPECIFIED = 2;

/** As in the request. */
export interface FilterComponent {
  readonly entityType: string;
  readonly matchType: number;
  readonly match: string | null;
}

/** What an entity has to have for each type: this name (null: the default), or any. */
type Filter = ReadonlyMap<QuotaEntityType, { readonly any: boolean; readonly name: string | null }>;

/** @param strict only entities that have no other types than the filter */
export function describeClientQuotas(
  image: MetadataImage,
  components: readonly FilterComponent[],
  strict: boolean,
): readonly EntityQuotas[] | Outcome {
  const filter = filterOf(components);
  if ('errorCode' in filter) return filter;
  return [...image.clientQuotas.values()].filter(({ entity }) => matches(entity, filter, strict));
}

function matches(entity: QuotaEntity, filter: Filter, strict: boolean): boolean {
  if (strict && Object.keys(entity).length !== filter.size) return false;
  for (const [type, { any, name }] of filter) {
    if (entity[type] === undefined || (!any && entity[type] !== name)) return false;
  }
  return true;
}

function filterOf(components: readonly FilterComponent[]): Filter | Outcome {
  const filter = new Map<QuotaEntityType, { any: boolean; name: string | null }>();
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') return invalid('Invalid empty entity type.');
    if (filter.has(entityType as QuotaEntityType))
      return invalid(`Entity type ${entityType} cannot appear more than once in the filter.`);
    if (!isQuotaEntityType(entityType))
      return refusal(ErrorCode.UNSUPPORTED_VERSION, `Unsupported entity type ${entityType}`);
    const problem = matchProblem(matchType, match);
    if (problem !== undefined) return invalid(problem);
    filter.set(entityType, { any: matchType === MATCH_SPECIFIED, name: match });
  }
  if (filter.has('ip') && filter.size > 1)
    return invalid(
      'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.',
    );
  return filter;
}

function matchProblem(matchType: number, match: string | null): string | undefined {
  switch (matchType) {
    case MATCH_EXACT:
      return match === null ? 'Request specified MATCH_TYPE_EXACT, but set match string to null.' : undefined;
    case MATCH_DEFAULT:
      return match === null
        ? undefined
        : 'Request specified MATCH_TYPE_DEFAULT, but also specified a match string.';
    case MATCH_SPECIFIED:
      return match === null
        ? undefined
        : 'Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.';
    default:
      return `Unknown match type ${matchType}`;
  }
}

function invalid(message: string): Outcome {
  return refusal(ErrorCode.INVALID_REQUEST, message);
}
