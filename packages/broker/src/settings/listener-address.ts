// `listeners` and `advertised.listeners`: NAME://host:port, of which this broker has one for clients, without encryption.

export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
}

export interface NamedListener extends ListenerAddress {
  readonly name: string;
}

const LISTENER = /^([A-Za-z0-9_.-]+):\/\/(?:\[([^\]]*)\]|([^:/]*)):(\d{1,5})$/;

/** The listener that `text` names, with an empty host where it stands for every address. Undefined when it is none. */
export function parseListener(text: string): NamedListener | undefined {
  const match = LISTENER.exec(text);
  const port = Number(match?.[4]);
  return match === null || port > 65_535
    ? undefined
    : { name: (match[1] as string).toUpperCase(), host: match[2] ?? match[3] ?? '', port };
}

/**
 * The one listener of a list that is for clients.
 * @param protocols `listener.security.protocol.map`: NAME:PROTOCOL
 * @param controllers `controller.listener.names`: those are left out
 * @returns undefined with what is wrong with the list in `problems`, or when the list is empty
 */
export function clientListener(
  setting: string,
  list: readonly string[],
  protocols: readonly string[],
  controllers: readonly string[],
  problems: string[],
): ListenerAddress | undefined {
  const controllerNames = new Set(controllers.map((name) => name.toUpperCase()));
  const protocolOf = new Map(protocols.map((pair) => pair.toUpperCase().split(':') as [string, string]));
  const found: NamedListener[] = [];
  for (const text of list) {
    const listener = parseListener(text);
    if (listener === undefined) {
      problems.push(
        `Invalid value ${text} for configuration ${setting}: a listener has the form PLAINTEXT://host:port`,
      );
    } else if (!controllerNames.has(listener.name)) {
      found.push(listener);
    }
  }
  const [first, second] = found;
  if (second !== undefined) {
    problems.push(
      `Invalid value ${list.join(',')} for configuration ${setting}: one listener for clients is supported, not ${found.length}`,
    );
  }
  const protocol = first === undefined ? 'PLAINTEXT' : (protocolOf.get(first.name) ?? first.name);
  if (protocol !== 'PLAINTEXT') {
    problems.push(
      `Invalid value ${list.join(',')} for configuration ${setting}: the protocol ${protocol} is not supported, only PLAINTEXT is`,
    );
  }
  return first === undefined ? undefined : { host: first.host, port: first.port };
}
