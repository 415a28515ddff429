// The command line of the suite.
import { parseArgs } from 'node:util';

export interface InteropOptions {
  /** A broker that runs already (Apache Kafka, as the oracle); undefined: start Moldau. */
  readonly bootstrap: string | undefined;
  /** Names of clients to run; undefined: all. */
  readonly clients: readonly string[] | undefined;
  /** Names of scenarios (parts of names) to run; undefined: all. */
  readonly scenarios: readonly string[] | undefined;
  /** How many clients at a time: most of the time of a scenario is waiting. */
  readonly parallel: number;
  /** Run librdkafka's own tests instead. */
  readonly librdkafka: boolean;
  /** With `librdkafka`: only these tests, by number. */
  readonly tests: string | undefined;
}

export const USAGE = `usage: npm run test:interop -- [--bootstrap host:port] [--client NAME]... [--scenario NAME]... [--parallel N]
       npm run test:interop -- --librdkafka [--bootstrap host:port,...] [--tests 0012,0103]`;

export function parseOptions(args: readonly string[]): InteropOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bootstrap: { type: 'string' },
      client: { type: 'string', multiple: true },
      scenario: { type: 'string', multiple: true },
      parallel: { type: 'string', default: '2' },
      librdkafka: { type: 'boolean', default: false },
      tests: { type: 'string' },
    },
  });
  const parallel = Number(values.parallel);
  if (!Number.isInteger(parallel) || parallel < 1)
    throw new Error(`--parallel ${values.parallel}: not a number from 1 on`);
  return {
    bootstrap: values.bootstrap,
    clients: values.client,
    scenarios: values.scenario,
    parallel,
    librdkafka: values.librdkafka,
    tests: values.tests,
  };
}
