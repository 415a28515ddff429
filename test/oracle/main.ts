// `node tools/run.mjs test/oracle/main.ts --moldau HOST:PORT --kafka HOST:PORT`: sends the same requests to a real Kafka and to Moldau and compares
// the answers field by field. Real Kafka is what decides where documents are silent.
import { parseArgs } from 'node:util';
import type { Codec } from '@moldau/protocol';
import { wholeMessage } from '@moldau/broker/testing/whole-message.ts';
import { generatedCodecs } from '../../packages/protocol/gen/generated-codecs.ts';
import type { StructValue } from '../../packages/protocol/gen/interpreter.ts';
import { WireClient } from '../crash/wire-client.ts';
import { differences, type Difference } from './compare.ts';
import { INTENDED, type IntendedDifference } from './intended-differences.ts';
import { newMemory, type Memory, type Step } from './step.ts';
import { STEPS } from './steps.ts';

const { values } = parseArgs({
  options: { moldau: { type: 'string' }, kafka: { type: 'string' }, only: { type: 'string' } },
});
if (values.moldau === undefined || values.kafka === undefined) {
  process.stderr.write(
    'usage: node tools/run.mjs test/oracle/main.ts --moldau HOST:PORT --kafka HOST:PORT [--only TEXT]\n',
  );
  process.exit(2);
}
const codecs = new Map((await generatedCodecs()).map(({ message, codec }) => [message.name, codec]));
const run = String(Date.now() % 10_000_000);

/** A server and what its answers have given so far. */
class Server {
  readonly #port: number;
  readonly memory: Memory = newMemory(run);
  #client: WireClient | undefined;

  constructor(address: string) {
    this.#port = Number(address.slice(address.lastIndexOf(':') + 1));
  }

  /** The answer, or why there is none. */
  async answer(step: Step): Promise<StructValue> {
    const request = codecs.get(`${step.api}Request`) as Codec<StructValue>;
    const response = codecs.get(`${step.api}Response`) as Codec<StructValue>;
    try {
      this.#client ??= await WireClient.open(this.#port);
      const message = wholeMessage(request.name, step.fields(this.memory));
      const answer = await inTime(
        this.#client.request(request, response, message, step.version ?? request.highestVersion),
      );
      step.keep?.(answer, this.memory);
      return answer;
    } catch (error) {
      this.#client?.close();
      this.#client = undefined;
      return { noAnswer: (error as Error).message };
    }
  }

  close(): void {
    this.#client?.close();
  }
}

/** The longest that any step may take, in ms: a group's first join waits for three seconds in Kafka. */
const ANSWER_LIMIT_MS = 6000;

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('no answer in time')), ANSWER_LIMIT_MS);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an entry of the list is about this field. */
function covers(path: string, { path: field, where }: Difference): boolean {
  if (path.startsWith('.')) return field.endsWith(path);
  // Settings are told apart by the key in brackets.
  return field.startsWith(path) || where.replaceAll('].', '.').endsWith(`[${path}`);
}

const kafka = new Server(values.kafka);
const moldau = new Server(values.moldau);
const used = new Set<IntendedDifference>();
let differing = 0;
for (const step of STEPS) {
  const [theirs, ours] = await Promise.all([kafka.answer(step), moldau.answer(step)]);
  if (step.settleMs !== undefined) await new Promise((resolve) => setTimeout(resolve, step.settleMs));
  if (values.only !== undefined && !step.name.includes(values.only)) continue;
  const compared = step.compared ?? ((answer: StructValue): unknown => answer);
  const found = differences(compared(theirs), compared(ours)).filter((difference) => {
    const intended = INTENDED.find(
      ({ step: name, path }) => step.name.startsWith(name) && covers(path, difference),
    );
    if (intended !== undefined) used.add(intended);
    return intended === undefined;
  });
  if (found.length === 0) continue;
  differing += 1;
  process.stdout.write(`DIFFERS ${step.name} (${step.api})\n`);
  for (const { where, kafka: k, moldau: m } of found.slice(0, 12))
    process.stdout.write(`    ${where}: Kafka ${k}, Moldau ${m}\n`);
}
kafka.close();
moldau.close();
for (const intended of INTENDED) {
  if (values.only === undefined && !used.has(intended))
    process.stdout.write(`no longer differs: ${intended.step} ${intended.path}\n`);
}
process.stdout.write(
  `${STEPS.length} requests compared, ${differing} differ unintendedly, ${used.size} differ as intended\n`,
);
process.exitCode = differing === 0 ? 0 : 1;
