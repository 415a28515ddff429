// Start time and idle memory. The data folder has been set up by an earlier start, so that one-time work (Kafka formats
// its folder with a JVM of its own) does not count: this is what a restart costs.
import type { Figure } from './measurement.ts';
import { memory } from './process-tree.ts';
import { withDataDir, withServer, type Scenario } from './scenario.ts';

/** Long enough for what a server puts off until after its start. */
const SETTLE_MS = 3_000;

export const startScenario: Scenario = {
  name: 'start',
  groups: ['start'],
  run: (system, bench) =>
    withDataDir(bench.dataDir, async () => {
      await withServer(system, bench.dataDir, () => Promise.resolve());
      const figures = await withServer(system, bench.dataDir, async (server): Promise<Figure[]> => {
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        return [
          { group: 'start', row: 'server', metric: 'startMs', value: server.startMs },
          {
            group: 'start',
            row: 'server',
            metric: 'idleMegabytes',
            value: memory(server.pids()).resident / 1e6,
          },
        ];
      });
      const viaNpm =
        system.name === 'moldau'
          ? await withServer(bench.throughNpm, bench.dataDir, (server) => Promise.resolve(server.startMs))
          : (figures[0]?.value ?? Number.NaN);
      return [...figures, { group: 'start', row: 'npm start', metric: 'startMs', value: viaNpm }];
    }),
};
