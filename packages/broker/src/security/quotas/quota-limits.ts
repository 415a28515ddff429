// Which limit holds for a client, and with whom it shares it: the quotas of the metadata, ready to be looked up. The most specific quota
// wins, in Kafka's order:
//
//   1 user, client id            shared by all connections of that user with that client id
//   2 user, default client id    likewise: each client id of the user has the limit for itself
//   3 user                       shared by all connections of the user
//   4 default user, client id    like 1
//   5 default user and client id like 1
//   6 default user               like 3
//   7 client id                  shared by all connections with that client id, whoever they are
//   8 default client id          like 7
//
// A connection without a client id has quotas of users only.
import { isIPv4 } from 'node:net';
import type { QuotaEntity } from '../../metadata/client-quota-entity.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import {
  CONNECTION_CREATION_RATE,
  CONSUMER_BYTE_RATE,
  CONTROLLER_MUTATION_RATE,
  PRODUCER_BYTE_RATE,
  REQUEST_PERCENTAGE,
  type ClientQuotaKey,
} from './quota-keys.ts';

/** Who sends a request, as far as quotas tell clients apart. */
export interface QuotaClient {
  /** The name of the authenticated user. */
  readonly principal: string;
  readonly clientId: string;
}

export interface FoundLimit {
  readonly limit: number;
  /** The same text for all who share the limit. */
  readonly sharedBy: string;
}

interface UserLimits {
  own: number | undefined;
  /** By client id; null: the default. */
  readonly clients: Map<string | null, number>;
}

/** The limits of one key. */
class KeyLimits {
  /** By user; null: the default. */
  readonly users = new Map<string | null, UserLimits>();
  readonly clients = new Map<string | null, number>();

  set({ user, 'client-id': clientId }: QuotaEntity, limit: number): void {
    if (user === undefined) {
      if (clientId !== undefined) this.clients.set(clientId, limit);
      return;
    }
    let limits = this.users.get(user);
    if (limits === undefined) this.users.set(user, (limits = { own: undefined, clients: new Map() }));
    if (clientId === undefined) limits.own = limit;
    else limits.clients.set(clientId, limit);
  }

  find({ principal, clientId }: QuotaClient): FoundLimit | undefined {
    const own = this.users.get(principal);
    const anyone = this.users.get(null);
    if (clientId === '') {
      const limit = own?.own ?? anyone?.own;
      return limit === undefined ? undefined : { limit, sharedBy: sharedByUser(principal) };
    }
    const both = (limits: UserLimits | undefined) =>
      limits?.clients.get(clientId) ?? limits?.clients.get(null);
    const specific = both(own);
    if (specific !== undefined) return { limit: specific, sharedBy: sharedByBoth(principal, clientId) };
    if (own?.own !== undefined) return { limit: own.own, sharedBy: sharedByUser(principal) };
    const general = both(anyone);
    if (general !== undefined) return { limit: general, sharedBy: sharedByBoth(principal, clientId) };
    if (anyone?.own !== undefined) return { limit: anyone.own, sharedBy: sharedByUser(principal) };
    const limit = this.clients.get(clientId) ?? this.clients.get(null);
    return limit === undefined ? undefined : { limit, sharedBy: `c${clientId}` };
  }
}

function sharedByUser(principal: string): string {
  return `u${principal}`;
}

/** The length keeps names apart, whatever they contain. */
function sharedByBoth(principal: string, clientId: string): string {
  return `b${principal.length}:${principal}${clientId}`;
}

export class QuotaLimits {
  readonly #keys: Readonly<Record<ClientQuotaKey, KeyLimits | undefined>>;
  /** Connections a second, by address; null: the default. */
  readonly #addresses = new Map<string | null, number>();

  constructor(quotas: MetadataImage['clientQuotas']) {
    const ofKey = (key: ClientQuotaKey): KeyLimits | undefined => {
      let limits: KeyLimits | undefined;
      for (const { entity, values } of quotas.values()) {
        const limit = values.get(key);
        if (limit !== undefined) (limits ??= new KeyLimits()).set(entity, limit);
      }
      return limits;
    };
    this.#keys = {
      [PRODUCER_BYTE_RATE]: ofKey(PRODUCER_BYTE_RATE),
      [CONSUMER_BYTE_RATE]: ofKey(CONSUMER_BYTE_RATE),
      [REQUEST_PERCENTAGE]: ofKey(REQUEST_PERCENTAGE),
      [CONTROLLER_MUTATION_RATE]: ofKey(CONTROLLER_MUTATION_RATE),
    };
    for (const { entity, values } of quotas.values()) {
      const limit = values.get(CONNECTION_CREATION_RATE);
      if (entity.ip !== undefined && limit !== undefined) this.#addresses.set(entity.ip, limit);
    }
  }

  /** The limit that holds for the client; undefined: none. */
  find(key: ClientQuotaKey, client: QuotaClient): FoundLimit | undefined {
    return this.#keys[key]?.find(client);
  }

  /** How many connections a second the address may open; undefined: any number. */
  connectionRate(address: string): number | undefined {
    return this.#addresses.get(plainAddress(address)) ?? this.#addresses.get(null);
  }
}

const MAPPED_PREFIX = '::ffff:';

/** An IPv4 address that came over an IPv6 socket, as the IPv4 address it is. */
export function plainAddress(address: string): string {
  const rest = address.slice(MAPPED_PREFIX.length);
  return address.startsWith(MAPPED_PREFIX) && isIPv4(rest) ? rest : address;
}
