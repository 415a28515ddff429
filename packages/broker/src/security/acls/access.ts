// What a client may do, for handlers: one question, answered by the access rules of the newest metadata. Without an authorizer
// (`authorizer.class.name` is empty, the default) everyone may do everything, as in Kafka.
import type { AclBinding } from '../../metadata/acl-binding.ts';
import { Authorizer, type Subject } from './authorizer.ts';

export interface AccessSettings {
  readonly authorizerEnabled: boolean;
  /** `User:name`, each. */
  readonly superUsers: ReadonlySet<string>;
  readonly allowEveryoneIfNoAclFound: boolean;
}

/** The name of a broker of this cluster, which may do everything. No user has it: names of users are not empty. */
export const BROKER_PRINCIPAL = '';

/** Who asks, as the request context has it. */
export interface Client {
  /** The name of the user. */
  readonly principal: string;
  /** The client's address in Kafka's form: `/127.0.0.1`. */
  readonly clientHost: string;
}

export class Access {
  readonly #settings: AccessSettings;
  readonly #acls: () => ReadonlyMap<string, AclBinding>;
  #authorizer: Authorizer | undefined;

  /** @param acls the rules of now */
  constructor(settings: AccessSettings, acls: () => ReadonlyMap<string, AclBinding>) {
    this.#settings = settings;
    this.#acls = acls;
  }

  /** There is an authorizer. */
  get enabled(): boolean {
    return this.#settings.authorizerEnabled;
  }

  /** Whether the client may do `operation` (AclOperation) on the resource. */
  may(client: Client, operation: number, resourceType: number, name: string): boolean {
    if (!this.enabled || client.principal === BROKER_PRINCIPAL) return true;
    return this.#current.mayDo(subjectOf(client), operation, resourceType, name);
  }

  /** Whether there is any resource of the type on which it may. */
  maySomewhere(client: Client, operation: number, resourceType: number): boolean {
    if (!this.enabled || client.principal === BROKER_PRINCIPAL) return true;
    return this.#current.mayDoSomewhere(subjectOf(client), operation, resourceType);
  }

  get #current(): Authorizer {
    const acls = this.#acls();
    if (this.#authorizer?.rules.acls !== acls) {
      const { superUsers, allowEveryoneIfNoAclFound } = this.#settings;
      this.#authorizer = new Authorizer({ acls, superUsers, allowEveryoneIfNoAclFound });
    }
    return this.#authorizer;
  }
}

function subjectOf({ principal, clientHost }: Client): Subject {
  const host = clientHost.startsWith('/') ? clientHost.slice(1) : clientHost;
  return { principal: `User:${principal}`, host };
}
