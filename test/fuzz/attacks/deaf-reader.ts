// Asks a lot and never reads an answer: the broker must stop reading from it, not pile answers up.
import type { Attack } from '../attack.ts';
import { Wire } from '../wire.ts';

/** Metadata v1 of all topics. */
const ASK = Buffer.from([0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff]);
const ASKS = Buffer.concat(Array.from({ length: 2000 }, () => ASK));

export const deafReader: Attack = {
  name: 'deaf reader',
  async run(target, random) {
    using wire = await Wire.open(target.host, target.port);
    if (wire === undefined) return;
    wire.stopReading();
    const end = performance.now() + 500 + random(500);
    // The write ends only when the kernel takes the bytes: against a broker that stops reading it does not.
    const gaveUp = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), 1000));
    while (performance.now() < end && !wire.ended) {
      const sent = await Promise.race([wire.send(ASKS), gaveUp]);
      if (sent === 'late') break;
      target.count('requests of deaf readers', 2000);
    }
  },
};
