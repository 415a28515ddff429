import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import { SimulatedFile } from '@moldau/runtime/simulated/simulated-file.ts';
const want = process.argv[3]!;
const P = SimulatedDisk.prototype as any;
for (const m of [
  'open',
  'rename',
  'remove',
  'removeTree',
  'syncDirectory',
  'makeDirectory',
  'powerCut',
  'processCrash',
  'restart',
]) {
  const o = P[m];
  P[m] = function (...a: any[]) {
    const r = o.apply(this, a);
    if (
      !a[0] ||
      String(a[0]).includes(want) ||
      m === 'syncDirectory' ||
      String(a[0]).includes('checkpoint')
    ) {
      console.log(m, ...a.filter((x: any) => typeof x !== 'object'), a[1]?.mode ?? '');
      r?.then?.(
        () => {
          if (m !== 'open') console.log('  done', m, a[0]);
        },
        () => {},
      );
    }
    return r;
  };
}
const F = SimulatedFile.prototype as any;
for (const m of ['write', 'writeDurably', 'sync', 'truncate', 'allocate', 'close', 'size']) {
  const o = F[m];
  F[m] = function (...a: any[]) {
    const r = o.apply(this, a);
    if (this.path.includes(want) || this.path.includes('checkpoint')) {
      const len = Array.isArray(a[0]) ? a[0].reduce((x: number, b: any) => x + b.length, 0) : '';
      console.log('file', m, this.path, len, a[1] ?? a[0]);
      r.then(
        (v: any) => console.log('  done', m, this.path, v ?? ''),
        (e: any) => console.log('  failed', m, this.path),
      );
    }
    return r;
  };
}
const { runSimulatedCrash } = await import('./simulated-disk.ts');
try {
  console.log(await runSimulatedCrash(Number(process.argv[2])));
} catch (e) {
  console.log((e as Error).message);
}
