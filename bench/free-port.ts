// A port that a server of the bench can listen on.
//
// Taken from below the kernel's range for outgoing connections, so that no client of anybody takes it between this
// check and the server's start. Kafka's controller listens 1,000 ports above its broker, so both must be free.
import { createServer } from 'node:net';

const LOWEST = 21_000;
const HIGHEST = 31_000;
const CONTROLLER_OFFSET = 1_000;
const ATTEMPTS = 50;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if ((await isFree(port)) && (await isFree(port + CONTROLLER_OFFSET))) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} on 127.0.0.1 after ${ATTEMPTS} attempts`);
}
