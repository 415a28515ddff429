// Ports for servers that are killed and come back on the same one.
import { createServer } from 'node:net';

/** Below the range from which systems take ports for outgoing connections: nobody may take one while the broker is down. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** The first of `count` ports in a row that nobody listens on. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const first = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports in a row`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
