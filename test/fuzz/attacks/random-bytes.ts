// Bytes without any meaning, and frames whose length is right and whose content has none.
import type { Attack } from '../attack.ts';
import { randomBytes } from '../mutate-frame.ts';
import { framed, Wire } from '../wire.ts';

export const randomBytesAttack: Attack = {
  name: 'random bytes',
  async run(target, random) {
    using wire = await Wire.open(target.host, target.port);
    if (wire === undefined) return;
    for (let frames = 1 + random(8); frames > 0 && !wire.ended; frames--) {
      const bytes = randomBytes(random, random(300));
      await wire.send(random(2) === 0 ? bytes : framed(bytes));
      target.count('random frames');
    }
    await wire.frame(5);
  },
};
