// The real Network: TCP through node:net.
//
// Reading. By default Node allocates 64 KB for every read and leaves them to the garbage collector. Its `onread` option reads
// into a buffer of ours instead; measured here that halves the CPU time to receive and the resident memory
// (docs/decisions/network-reads.md). `net.connect` takes the option, `net.createServer` does not; but an accepted socket that has not begun
// to read can give its handle to a new `net.Socket`, which does. The handle is not documented: where it is missing, the
// connection falls back to plain `data` events.
//
// One buffer serves all connections: on POSIX systems libuv waits for readiness, then reads and calls back at once, so
// that no two reads are under way at the same time. On Windows a read is posted with its buffer and completes later, so there each
// connection has its own.
//
// Must stay true: `data` has returned before the buffer is read into again; `closed` comes exactly once, last.

import net from 'node:net';

import type { Address, Connection, ConnectionHandler, Listener, Network } from '../network.ts';

const SHARED_READ_BUFFER_BYTES = 256 * 1024;
const OWN_READ_BUFFER_BYTES = 64 * 1024;

/** Connections that are silent for this long are probed by TCP, so that a peer that vanished is noticed. */
const KEEP_ALIVE_MS = 60_000;

/** How many connections the system may hold that were not accepted yet. */
const BACKLOG = 1024;

const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS } as const;

export class NodeNetwork implements Network {
  readonly #sharedBuffer =
    process.platform === 'win32' ? undefined : Buffer.allocUnsafeSlow(SHARED_READ_BUFFER_BYTES);

  listen(
    address: Address,
    accept: (connection: Connection) => ConnectionHandler | undefined,
  ): Promise<Listener> {
    const server = net.createServer({ ...SOCKET_OPTIONS, pauseOnConnect: true }, (socket) => {
      const connection = new NodeConnection();
      connection.attach(takeOver(socket, connection, this.#readBuffer()));
      const handler = accept(connection);
      if (handler === undefined) {
        connection.destroy();
      } else {
        connection.handler = handler;
      }
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        // Failures to accept one connection (such as too many open files) leave the listener in place.
        server.on('error', () => {});
        resolve(new NodeListener(server));
      });
    });
  }

  connect(address: Address, open: (connection: Connection) => ConnectionHandler): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new NodeConnection();
      const onread = connection.onread(this.#readBuffer());
      const socket = net.connect({ host: address.host, port: address.port, ...SOCKET_OPTIONS, onread });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        connection.attach(socket);
        connection.handler = open(connection);
        resolve(connection);
      });
    });
  }

  #readBuffer(): Uint8Array {
    return this.#sharedBuffer ?? Buffer.allocUnsafeSlow(OWN_READ_BUFFER_BYTES);
  }
}

/** Gives an accepted, still paused socket's handle to a new socket that reads into `buffer`. */
function takeOver(accepted: net.Socket, connection: NodeConnection, buffer: Uint8Array): net.Socket {
  const holder = accepted as unknown as { _handle?: object | null };
  const handle = holder._handle;
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) {
    accepted.on('data', (bytes: Uint8Array) => connection.received(bytes));
    accepted.resume();
    return accepted;
  }
  holder._handle = null;
  const options = { handle, onread: connection.onread(buffer) };
  return new net.Socket(options as unknown as net.SocketConstructorOpts);
}

class NodeListener implements Listener {
  readonly address: Address;
  readonly #server: net.Server;
  #closed: Promise<void> | undefined;

  constructor(server: net.Server) {
    this.#server = server;
    const bound = server.address() as net.AddressInfo;
    this.address = { host: bound.address, port: bound.port };
  }

  close(): Promise<void> {
    // The server's own callback would wait for the connections as well. The port is free in the next round of the event loop.
    this.#closed ??= new Promise((resolve) => {
      this.#server.close();
      setImmediate(resolve);
    });
    return this.#closed;
  }
}

class NodeConnection implements Connection {
  /** Undefined until the connection is open and `accept` or `open` has answered. */
  handler: ConnectionHandler | undefined;
  #socket!: net.Socket;
  #remote: Address = { host: '', port: 0 };
  #local: Address = { host: '', port: 0 };
  #error: Error | undefined;
  #ended = false;

  attach(socket: net.Socket): void {
    this.#socket = socket;
    // Asked now: once the connection is over they cannot be told any more.
    this.#remote = { host: plainHost(socket.remoteAddress), port: socket.remotePort ?? 0 };
    this.#local = { host: plainHost(socket.localAddress), port: socket.localPort ?? 0 };
    socket.on('drain', () => this.handler?.drain());
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => this.handler?.closed(this.#error));
  }

  onread(buffer: Uint8Array): net.OnReadOpts {
    return {
      buffer,
      callback: (count, filled) => {
        this.received(filled.subarray(0, count));
        return true;
      },
    };
  }

  received(bytes: Uint8Array): void {
    if (!this.#ended) {
      this.handler?.data(bytes);
    }
  }

  get remote(): Address {
    return this.#remote;
  }

  get local(): Address {
    return this.#local;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  write(buffers: readonly Uint8Array[], sent?: () => void): boolean {
    const socket = this.#socket;
    if (!socket.writable || buffers.length === 0) {
      sent?.();
      return socket.writable;
    }
    // Node calls back when the buffer has left, and also when it never will: the connection broke.
    const last = buffers.length - 1;
    if (last === 0) {
      return socket.write(buffers[0]!, sent);
    }
    // Corked writes leave together, in one writev.
    let room = true;
    socket.cork();
    for (let i = 0; i < last; i++) {
      socket.write(buffers[i]!);
    }
    room = socket.write(buffers[last]!, sent);
    socket.uncork();
    return room;
  }

  pause(): void {
    if (!this.#ended) {
      this.#socket.pause();
    }
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#ended = true;
    // What still arrives is read and dropped: bytes that lie unread when a socket is closed make the system send a reset, which can
    // overtake what was written last.
    this.#socket.resume();
    this.#socket.destroySoon();
  }

  destroy(error?: Error): void {
    this.#ended = true;
    this.#socket.destroy(error);
  }
}

/** IPv4 addresses that reached us over an IPv6 socket, as IPv4. */
function plainHost(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/, '') ?? '';
}
