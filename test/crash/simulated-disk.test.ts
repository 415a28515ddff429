// A few seeds of the simulated crash test, so that a mistake shows before `npm run test:crash` runs a thousand; and that it can fail at all.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { runSimulatedCrash } from './simulated-disk.ts';

describe('the store on a failing disk', () => {
  it('keeps its promises', async () => {
    for (let seed = 1; seed <= 25; seed++) await runSimulatedCrash(seed);
  });

  it('is found out when it acknowledges before it syncs', async () => {
    let broken = 0;
    for (let seed = 1; seed <= 10; seed++) {
      await runSimulatedCrash(seed, { acknowledgeBeforeSync: true }).catch(() => {
        broken += 1;
      });
    }
    assert(broken >= 3, `only ${broken} of 10 runs have noticed`);
  });
});
