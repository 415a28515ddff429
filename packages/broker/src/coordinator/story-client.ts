// Sends a story's requests to a broker behind a socket: each over a connection of its own, so that one that waits holds up no other.
import { connect } from 'node:net';
import { responseHeaderVersion, type Codec } from '@moldau/protocol';
import { Reader } from '@moldau/protocol/reader.ts';
import { requestFrame } from '@moldau/protocol/request-frame.ts';

/** Who asks, and in which version. */
export interface StoryClient {
  readonly apiVersion: number;
  readonly clientId?: string;
}

/** How requests of one API get their answers. */
export type Asks = <Request, Response>(
  request: Codec<Request>,
  response: Codec<Response>,
) => (message: Request, client: StoryClient) => Promise<Response>;

/** For the broker at `address`, HOST:PORT. */
export function asksOf(address: string): Asks {
  const [host = '', port = ''] = address.split(':');
  return (request, response) =>
    (message, { apiVersion, clientId = 'scenarios' }) =>
      new Promise((resolve, reject) => {
        let received = Buffer.alloc(0);
        const socket = connect(Number(port), host);
        socket.on('error', reject);
        socket.on('close', () =>
          reject(new Error(`${request.name} ${apiVersion}: the connection was closed`)),
        );
        socket.on('data', (data: Buffer) => {
          received = Buffer.concat([received, data]);
          if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
          const reader = new Reader(received, 8);
          if (responseHeaderVersion(request.apiKey, apiVersion) >= 1) reader.unknownTags();
          resolve(response.decode(reader, apiVersion));
          socket.destroy();
        });
        socket.write(requestFrame(request, message, apiVersion, 1, clientId));
      });
}
