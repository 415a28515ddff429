// The network as a dependency: byte streams between addresses, in the shape a server needs. Push, not pull: data comes as
// it arrives and is stopped by `pause`, which is how back-pressure reaches the sender.

export interface ConnectionHandler {
  /**
   * Bytes that arrived. They belong to the network layer and are reused once this returns: copy what must stay.
   */
  data(bytes: Uint8Array): void;
  /** What was written has left for the operating system and more may be written: comes after a `write` returned false. */
  drain(): void;
  /** The connection is over, by whichever side; comes once, last. `error` says why when it was not an orderly end. */
  closed(error: Error | undefined): void;
}

export interface Connection {
  /** Both ends as `host` and `port`. */
  readonly remote: Address;
  readonly local: Address;
  /**
   * Sends the buffers in order. They must not change until they have been sent. Returns false when the sender should wait for
   * `drain` before writing more (nothing is lost if it does not; memory grows).
   * @param sent called once when the buffers may change again: all of them were handed to the operating system, or never will be
   */
  write(buffers: readonly Uint8Array[], sent?: () => void): boolean;
  /** Bytes accepted by `write` and not yet handed to the operating system. */
  readonly unsent: number;
  /** Stops `data` until `resume`; the peer is held back by the transport. */
  pause(): void;
  resume(): void;
  /** Sends what was written, then ends the connection. */
  end(): void;
  /** Ends the connection at once; unsent bytes are dropped. */
  destroy(error?: Error): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  /** Where it listens; the port is the real one when 0 was asked for. */
  readonly address: Address;
  /** Stops accepting. Connections that are open stay open. */
  close(): Promise<void>;
}

export interface Network {
  /** Listens on `host` and `port` (0: any free one). For each connection `accept` returns what handles it, or undefined to refuse it. */
  listen(
    address: Address,
    accept: (connection: Connection) => ConnectionHandler | undefined,
  ): Promise<Listener>;
  /** Connects; rejects with the reason when nobody answers. */
  connect(address: Address, open: (connection: Connection) => ConnectionHandler): Promise<Connection>;
}
