// Many connections at once, most of which say nothing, some nonsense; then all go together.
import type { Attack } from '../attack.ts';
import { randomBytes } from '../mutate-frame.ts';
import { Wire } from '../wire.ts';

export const manyConnections: Attack = {
  name: 'many connections',
  async run(target, random) {
    const opened = await Promise.all(
      Array.from({ length: 50 + random(150) }, () => Wire.open(target.host, target.port)),
    );
    const wires = opened.filter((wire) => wire !== undefined);
    target.count('crowd connections', wires.length);
    await Promise.all(wires.filter(() => random(4) === 0).map((wire) => wire.send(randomBytes(random, 20))));
    for (const wire of wires) {
      if (random(2) === 0) wire.reset();
      else wire[Symbol.dispose]();
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  },
};
