// Frames that never end: a length, some of the bytes, then silence; some connections stay a while, some are reset.
import type { Attack } from '../attack.ts';
import { randomBytes } from '../mutate-frame.ts';
import { framed, Wire } from '../wire.ts';

/** How many stay open at most: enough to matter, few enough to leave room under the broker's limit of connections. */
const KEPT = 100;
const kept: Wire[] = [];

export const halfOpen: Attack = {
  name: 'half open',
  async run(target, random) {
    const wire = await Wire.open(target.host, target.port);
    if (wire === undefined) return;
    // Up to the default frame limit (socket.request.max.bytes, 100 MB): room must not be made before the bytes are there.
    const promised = [10, 1000, 1_000_000, 104_857_600][random(4)]!;
    await wire.send(framed(randomBytes(random, random(10)), promised));
    target.count('half-open connections');
    if (random(3) === 0) return wire.reset();
    kept.push(wire);
    if (kept.length > KEPT) kept.shift()?.[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 5));
  },
};

/** Closes what is left open. */
export function closeHalfOpen(): void {
  for (const wire of kept.splice(0)) wire[Symbol.dispose]();
}
