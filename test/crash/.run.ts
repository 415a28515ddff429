import { runSimulatedCrash } from './simulated-disk.ts';
const from = Number(process.argv[2] ?? 1),
  n = Number(process.argv[3] ?? 20),
  broken = process.argv[4] === 'broken';
const t = performance.now();
let bad = 0;
const sum: Record<string, number> = {};
for (let s = from; s < from + n; s++) {
  try {
    const r = await runSimulatedCrash(s, { acknowledgeBeforeSync: broken });
    for (const [k, v] of Object.entries(r)) sum[k] = (sum[k] ?? 0) + v;
  } catch (e) {
    bad++;
    if (bad < 6)
      console.log(
        (e as Error).message.slice(0, 600),
        n === 1
          ? (e as Error).cause
          : String(((e as Error).cause as Error).stack)
              .split('\n')
              .slice(1, 6)
              .join('\n'),
      );
  }
}
console.log({ bad, n, ms: performance.now() - t, ...sum });
