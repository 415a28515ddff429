// What stands between a client's request and its handler when there is an authorizer: a guard takes out of the request what the client may not
// do, lets the handler answer the rest, and puts the refusals into its answer.
//
//   request --guard--> refused: the answer is made of refusals alone
//                  +-> allowed: what is left --> handler --> answer --finish--> with the refusals, and without what the client may not see
//
// So handlers know nothing of access rules, and without an authorizer none of this is called.
//
// Must stay true: what a client may not describe looks as if it did not exist, where Kafka does it so; a refusal is an answer, never a closed
// connection.
import { AclOperation, CLUSTER_NAME, ResourceType } from '../../metadata/acl-binding.ts';
import type { Api, RequestContext, Services } from '../services.ts';

/** What the client may do, in the words of guards. */
export class Asking {
  readonly services: Services;
  readonly context: RequestContext;

  constructor(services: Services, context: RequestContext) {
    this.services = services;
    this.context = context;
  }

  topic(operation: number, name: string): boolean {
    return this.#may(operation, ResourceType.TOPIC, name);
  }

  group(operation: number, groupId: string): boolean {
    return this.#may(operation, ResourceType.GROUP, groupId);
  }

  transactionalId(operation: number, id: string): boolean {
    return this.#may(operation, ResourceType.TRANSACTIONAL_ID, id);
  }

  cluster(operation: number): boolean {
    return this.#may(operation, ResourceType.CLUSTER, CLUSTER_NAME);
  }

  /** Whether there is any topic that the client may write (KIP-679). */
  writesSomeTopic(): boolean {
    const { services, context } = this;
    return services.access.maySomewhere(context, AclOperation.WRITE, ResourceType.TOPIC);
  }

  /** Those of `field`'s operations (KIP-430) that the client may do. */
  operations(field: number, resourceType: number, name: string): number {
    let allowed = 0;
    for (const operation of Object.values(AclOperation)) {
      const bit = 1 << operation;
      if ((field & bit) !== 0 && this.#may(operation, resourceType, name)) allowed |= bit;
    }
    return allowed;
  }

  #may(operation: number, resourceType: number, name: string): boolean {
    const { services, context } = this;
    return services.access.may(context, operation, resourceType, name);
  }
}

export type Verdict<Request, Response> =
  | { readonly refused: Response }
  | { readonly allowed: Request; readonly finish?: (response: Response) => void };

export type Guard<Request, Response> = (asking: Asking, request: Request) => Verdict<Request, Response>;

/** The API behind its guard. */
export function guarded<Request, Response>(
  api: Api<Request, Response>,
  guard: Guard<Request, Response>,
): Api<Request, Response> {
  return {
    request: api.request,
    response: api.response,
    handle(services, context, request) {
      if (!services.access.enabled) return api.handle(services, context, request);
      const verdict = guard(new Asking(services, context), request);
      if ('refused' in verdict) return verdict.refused;
      const response = api.handle(services, context, verdict.allowed);
      const { finish } = verdict;
      if (finish === undefined) return response;
      const finished = (answer: Response | undefined): Response | undefined => {
        if (answer !== undefined) finish(answer);
        return answer;
      };
      return response instanceof Promise ? response.then(finished) : finished(response);
    },
  };
}

/** What may stay and what not, each in its order. */
export function split<Item>(
  items: readonly Item[],
  mayStay: (item: Item) => boolean,
): { readonly kept: Item[]; readonly refused: Item[] } {
  const kept: Item[] = [];
  const refused: Item[] = [];
  for (const item of items) (mayStay(item) ? kept : refused).push(item);
  return { kept, refused };
}
