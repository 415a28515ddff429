// One access rule (KIP-11, KIP-290): whom (principal, host) it allows or forbids what (operation) on which resources (type, name, pattern).
//
// Must stay true: two bindings are the same rule exactly if their keys are equal; a binding in the metadata names no ANY and no UNKNOWN.

/** Kafka's codes of resource types. */
export const ResourceType = {
  UNKNOWN: 0,
  ANY: 1,
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
} as const;

/** How a name is meant: as it is, or as the beginning of names. ANY and MATCH occur in filters only. */
export const PatternType = { UNKNOWN: 0, ANY: 1, MATCH: 2, LITERAL: 3, PREFIXED: 4 } as const;

/** Kafka's codes of operations. */
export const AclOperation = {
  UNKNOWN: 0,
  ANY: 1,
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const;

export const PermissionType = { UNKNOWN: 0, ANY: 1, DENY: 2, ALLOW: 3 } as const;

/** The name of the only resource of type CLUSTER. */
export const CLUSTER_NAME = 'kafka-cluster';
/** As a literal name: every resource of the type. As a host: every host. */
export const WILDCARD = '*';
/** The principal that stands for everyone. */
export const EVERYONE = 'User:*';

export interface AclBinding {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  /** `User:name`, or `User:*` for everyone. */
  readonly principal: string;
  /** An address, or `*`. */
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

/** The rule as text, the same for equal rules and different for different ones. */
export function aclKey(acl: AclBinding): string {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
  return JSON.stringify([
    resourceType,
    patternType,
    resourceName,
    principal,
    host,
    operation,
    permissionType,
  ]);
}
