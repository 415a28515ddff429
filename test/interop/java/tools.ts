// Kafka's own command-line tools, each a short Java program: fetched by Maven into the cache folder, run with a JVM tuned to
// start fast. Their logs are off but for one logger, whose lines on stderr tell of rebalances: the console consumer itself says
// nothing about its partitions.
import { join } from 'node:path';
import { cacheFolder, here, installOnce } from '../cache-folder.ts';
import { needCommand } from '../missing-tool.ts';
import { runCommand } from '../run-command.ts';

const libraries = join(cacheFolder, 'java');

const LOGS = 'org.slf4j.simpleLogger';
const REBALANCES = 'org.apache.kafka.clients.consumer.internals.ConsumerRebalanceListenerInvoker';

export const TOOLS = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  producer: 'org.apache.kafka.tools.ConsoleProducer',
  consumer: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  groups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  configs: 'kafka.admin.ConfigCommand',
  offsets: 'org.apache.kafka.tools.GetOffsetShell',
} as const;

export class JavaTools {
  readonly version = '4.3.1';
  readonly java: string;
  readonly #bootstrap: string;

  private constructor(java: string, bootstrap: string) {
    this.java = java;
    this.#bootstrap = bootstrap;
  }

  /** Installs the tools if need be; throws a MissingTool without a JVM or Maven. */
  static async install(bootstrap: string): Promise<JavaTools> {
    const java = needCommand(['java'], "run Kafka's command-line tools");
    const maven = needCommand(['mvn'], "fetch Kafka's command-line tools");
    const pom = join(here, 'java', 'pom.xml');
    await installOnce('java', libraries, [pom], () => {
      const goal = [
        'dependency:copy-dependencies',
        `-DoutputDirectory=${libraries}`,
        '-DincludeScope=runtime',
      ];
      return runCommand(maven, ['-q', '-B', '-f', pom, ...goal], { deadlineMs: 300_000 });
    });
    return new JavaTools(java, bootstrap);
  }

  /** The arguments of `java` that run a tool: for tools that stay, see StreamingMember. */
  commandLine(tool: keyof typeof TOOLS, args: readonly string[]): string[] {
    // One compiler, one collector thread: start time is what counts.
    const jvm = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Xmx256m'];
    const logs = [`-D${LOGS}.defaultLogLevel=off`, `-D${LOGS}.log.${REBALANCES}=info`];
    return [
      ...jvm,
      ...logs,
      '-cp',
      join(libraries, '*'),
      TOOLS[tool],
      '--bootstrap-server',
      this.#bootstrap,
      ...args,
    ];
  }

  /** Runs a tool to its end and gives what it printed. */
  run(tool: keyof typeof TOOLS, args: readonly string[], input?: string): Promise<string> {
    return runCommand(this.java, this.commandLine(tool, args), { input });
  }
}
