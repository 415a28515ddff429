// Who may do what, by the access rules in the metadata, as Kafka's StandardAuthorizer decides it:
//
//   super user                                  -> allowed
//   a DENY that applies                         -> denied, whatever else there is
//   an ALLOW that applies                       -> allowed
//   no rule names the resource at all           -> `allow.everyone.if.no.acl.found`
//   otherwise                                   -> denied
//
// A rule names a resource by its name, by `*`, or by a prefix. READ, WRITE, DELETE and ALTER, where allowed, imply DESCRIBE; ALTER_CONFIGS implies
// DESCRIBE_CONFIGS; a DENY implies nothing.
//
// Must stay true: a decision looks at the rules that can apply and at no others; without an authorizer everything is allowed for the cost of one check.
import {
  AclOperation,
  EVERYONE,
  PatternType,
  PermissionType,
  WILDCARD,
  type AclBinding,
} from '../../metadata/acl-binding.ts';

/** Who asks. */
export interface Subject {
  /** `User:name` */
  readonly principal: string;
  /** The address, without a port. */
  readonly host: string;
}

export interface AuthorizerRules {
  /** By key (acl-binding.ts); an image's, compared by identity: the index is made again when it is another map. */
  readonly acls: ReadonlyMap<string, AclBinding>;
  /** `User:name`, each. */
  readonly superUsers: ReadonlySet<string>;
  readonly allowEveryoneIfNoAclFound: boolean;
}

const IMPLIES_DESCRIBE: ReadonlySet<number> = new Set([
  AclOperation.DESCRIBE,
  AclOperation.READ,
  AclOperation.WRITE,
  AclOperation.DELETE,
  AclOperation.ALTER,
]);
const IMPLIES_DESCRIBE_CONFIGS: ReadonlySet<number> = new Set([
  AclOperation.DESCRIBE_CONFIGS,
  AclOperation.ALTER_CONFIGS,
]);

/** The rules of one type of resource, found by name. */
class RulesOfType {
  readonly literal = new Map<string, AclBinding[]>();
  readonly prefixed = new Map<string, AclBinding[]>();
  /** Of the prefixes, without repetition. */
  readonly prefixLengths = new Set<number>();

  add(acl: AclBinding): void {
    const byName = acl.patternType === PatternType.PREFIXED ? this.prefixed : this.literal;
    if (acl.patternType === PatternType.PREFIXED) this.prefixLengths.add(acl.resourceName.length);
    const rules = byName.get(acl.resourceName);
    if (rules === undefined) byName.set(acl.resourceName, [acl]);
    else rules.push(acl);
  }

  /** Every rule that names the resource. */
  *naming(name: string): Iterable<AclBinding> {
    yield* this.literal.get(name) ?? [];
    if (name !== WILDCARD) yield* this.literal.get(WILDCARD) ?? [];
    for (const length of this.prefixLengths) {
      if (length <= name.length) yield* this.prefixed.get(name.slice(0, length)) ?? [];
    }
  }

  *all(): Iterable<AclBinding> {
    for (const rules of this.literal.values()) yield* rules;
    for (const rules of this.prefixed.values()) yield* rules;
  }
}

export class Authorizer {
  readonly #rules: AuthorizerRules;
  readonly #byType = new Map<number, RulesOfType>();

  constructor(rules: AuthorizerRules) {
    this.#rules = rules;
    for (const acl of rules.acls.values()) {
      let ofType = this.#byType.get(acl.resourceType);
      if (ofType === undefined) this.#byType.set(acl.resourceType, (ofType = new RulesOfType()));
      ofType.add(acl);
    }
  }

  get rules(): AuthorizerRules {
    return this.#rules;
  }

  /** Whether the subject may do `operation` on the resource. */
  mayDo(subject: Subject, operation: number, resourceType: number, name: string): boolean {
    if (this.#rules.superUsers.has(subject.principal)) return true;
    let named = false;
    let allowed = false;
    for (const acl of this.#byType.get(resourceType)?.naming(name) ?? []) {
      named = true;
      if (!concerns(acl, subject)) continue;
      if (acl.permissionType === PermissionType.DENY) {
        if (acl.operation === operation || acl.operation === AclOperation.ALL) return false;
      } else if (allows(acl, operation)) allowed = true;
    }
    return allowed || (!named && this.#rules.allowEveryoneIfNoAclFound);
  }

  /**
   * Whether there is any resource of the type on which the subject may do `operation`: an idempotent producer must be allowed to write some topic
   * (KIP-679).
   */
  mayDoSomewhere(subject: Subject, operation: number, resourceType: number): boolean {
    if (this.#rules.superUsers.has(subject.principal)) return true;
    const denied: AclBinding[] = [];
    const allowed: AclBinding[] = [];
    for (const acl of this.#byType.get(resourceType)?.all() ?? []) {
      if (!concerns(acl, subject)) continue;
      if (acl.permissionType === PermissionType.DENY) {
        if (acl.operation === operation || acl.operation === AclOperation.ALL) denied.push(acl);
      } else if (allows(acl, operation)) allowed.push(acl);
    }
    if (denied.some(isForEverything)) return false;
    if (this.#rules.allowEveryoneIfNoAclFound) return true;
    return allowed.some((acl) => !denied.some((denial) => covers(denial, acl)));
  }
}

function concerns(acl: AclBinding, { principal, host }: Subject): boolean {
  return (
    (acl.principal === principal || acl.principal === EVERYONE) &&
    (acl.host === host || acl.host === WILDCARD)
  );
}

function allows(acl: AclBinding, operation: number): boolean {
  if (acl.operation === operation || acl.operation === AclOperation.ALL) return true;
  if (operation === AclOperation.DESCRIBE) return IMPLIES_DESCRIBE.has(acl.operation);
  if (operation === AclOperation.DESCRIBE_CONFIGS) return IMPLIES_DESCRIBE_CONFIGS.has(acl.operation);
  return false;
}

function isForEverything(acl: AclBinding): boolean {
  return acl.patternType === PatternType.LITERAL && acl.resourceName === WILDCARD;
}

/** Every resource that `acl` names is named by `denial` too. */
function covers(denial: AclBinding, acl: AclBinding): boolean {
  if (isForEverything(denial)) return true;
  if (isForEverything(acl)) return false;
  if (denial.patternType === PatternType.PREFIXED) return acl.resourceName.startsWith(denial.resourceName);
  return acl.patternType === PatternType.LITERAL && acl.resourceName === denial.resourceName;
}
