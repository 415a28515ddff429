// Asks a broker the first question every Kafka client asks, ApiVersions, to see when it really answers.
//
// The request is the oldest layout there is (header v1, body v0), written out by hand so that the probe costs nothing
// and depends on nothing that is being measured:
//
//   size int32 | api key int16 = 18 | api version int16 = 0 | correlation id int32 | client id length int16 = -1
//
// A listening port is not an answer: a broker may accept connections long before it serves them.
import { connect } from 'node:net';

const REQUEST = Buffer.from('0000000a0012000000000001ffff', 'hex');
const RETRY_MS = 2;
const ANSWER_MS = 1_000;

/** One attempt: true when the broker answered ApiVersions without an error. */
function attempt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    const end = (answered: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(() => end(false), ANSWER_MS);
    let received = Buffer.alloc(0);
    socket.on('connect', () => socket.write(REQUEST));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      // size int32 | correlation id int32 | error code int16
      if (received.length >= 10) end(received.readInt32BE(4) === 1 && received.readInt16BE(8) === 0);
    });
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
  });
}

/** Resolves with `performance.now()` at the first answer; undefined when there was none before the deadline. */
export async function firstAnswer(
  host: string,
  port: number,
  deadline: number,
  stopped: () => boolean,
): Promise<number | undefined> {
  while (performance.now() < deadline && !stopped()) {
    if (await attempt(host, port)) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  return undefined;
}
