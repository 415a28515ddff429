// Good requests, spoiled: flipped bits, wrong lengths, huge arrays, other versions and APIs, cut or repeated parts. Several in one
// write, so that what the broker makes of one meets the next.
import type { Attack } from '../attack.ts';
import { mutateFrame } from '../mutate-frame.ts';
import { Wire } from '../wire.ts';

export const mutatedRequests: Attack = {
  name: 'mutated requests',
  async run(target, random) {
    using wire = await Wire.open(target.host, target.port);
    if (wire === undefined) return;
    for (let writes = 1 + random(6); writes > 0 && !wire.ended; writes--) {
      const frames = Array.from({ length: 1 + random(4) }, () => {
        const request = random(8) === 0 ? target.foreignRequests.next() : target.requests.next();
        return random(6) === 0 ? request.frame : mutateFrame(request.frame, random);
      });
      await wire.send(Buffer.concat(frames));
      target.count('mutated frames', frames.length);
      await wire.frame(2);
    }
    if (random(4) === 0) wire.reset();
  },
};
