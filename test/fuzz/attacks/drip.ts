// A good request, a few bytes at a time. It must be answered as if it had come at once.
import { Reader } from '@moldau/protocol';
import type { Attack } from '../attack.ts';
import { Wire } from '../wire.ts';

export const drip: Attack = {
  name: 'drip',
  async run(target, random) {
    using wire = await Wire.open(target.host, target.port);
    if (wire === undefined) return;
    // ApiVersions v0: no body, so every byte of it is dripped.
    const frame = Buffer.from([0, 0, 0, 14, 0, 18, 0, 0, 0, 0, 0, 7, 0, 4, 0x64, 0x72, 0x69, 0x70]);
    for (let at = 0; at < frame.length;) {
      const size = 1 + random(3);
      await wire.send(frame.subarray(at, at + size));
      await new Promise((resolve) => setTimeout(resolve, random(15)));
      at += size;
    }
    target.count('dripped frames');
    const answer = await wire.frame();
    if (answer === undefined) target.findings.add('a dripped request was not answered');
    else if (new Reader(answer).int32('correlationId') !== 7)
      target.findings.add('a dripped request was answered wrongly');
  },
};
