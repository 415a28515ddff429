// Kafka's own command-line tools, as its distribution has them: fetched by Maven into the cache folder.
import { delimiter, join } from 'node:path';
import { cacheFolder, here, installOnce } from '../cache-folder.ts';
import { needCommand } from '../missing-tool.ts';
import { runCommand } from '../run-command.ts';
import { ToolRunner } from './tool-runner.ts';

const libraries = join(cacheFolder, 'java');

const TOOLS = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  producer: 'org.apache.kafka.tools.ConsoleProducer',
  groups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  configs: 'kafka.admin.ConfigCommand',
  offsets: 'org.apache.kafka.tools.GetOffsetShell',
} as const;
const CONSOLE_CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';

/** The one logger that is on: its lines on stderr tell of rebalances, of which the console consumer itself says nothing. */
const REBALANCES = 'org.apache.kafka.clients.consumer.internals.ConsumerRebalanceListenerInvoker';
const LOGGING = 'org.slf4j.simpleLogger';

/** One compiler, one collector thread: of all these tools do, starting costs most. */
const JVM = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Xmx256m'];
const CLASS_PATH = ['-cp', [join(libraries, '*'), libraries].join(delimiter)];

/** Kafka with all of its tools, the broker among them. Installs it if need be; throws a MissingTool without a JDK or Maven. */
export async function installKafka(): Promise<{ readonly java: string; readonly classPath: string }> {
  const java = needCommand(['java'], "run Kafka's command-line tools");
  const javac = needCommand(['javac'], 'compile what runs them');
  const pom = join(here, 'java', 'pom.xml');
  const source = join(here, 'java', 'ToolRunner.java');
  const maven = needCommand(['mvn'], "fetch Kafka's command-line tools");
  await installOnce('java', libraries, [pom, source], async () => {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${libraries}`, '-DincludeScope=runtime'];
    await runCommand(maven, ['-q', '-B', '-f', pom, ...goal], { deadlineMs: 300_000 });
    await runCommand(javac, ['-encoding', 'UTF-8', '-cp', join(libraries, '*'), '-d', libraries, source]);
  });
  return { java, classPath: [join(libraries, '*'), libraries].join(delimiter) };
}

export class JavaTools {
  readonly version = '4.3.1';
  readonly java: string;
  readonly #bootstrap: string;
  readonly #runner: ToolRunner;

  private constructor(java: string, bootstrap: string) {
    this.java = java;
    this.#bootstrap = bootstrap;
    this.#runner = new ToolRunner(java, [`-D${LOGGING}.defaultLogLevel=off`, ...JVM, ...CLASS_PATH]);
  }

  /** Installs the tools if need be; throws a MissingTool without a JDK or Maven. */
  static async install(bootstrap: string): Promise<JavaTools> {
    return new JavaTools((await installKafka()).java, bootstrap);
  }

  /** Runs a tool to its end and gives what it printed. */
  run(tool: keyof typeof TOOLS, args: readonly string[], input: string = ''): Promise<string> {
    return this.#runner.run(TOOLS[tool], ['--bootstrap-server', this.#bootstrap, ...args], input);
  }

  /** The arguments of `java` for a console consumer, which is a process of its own: it must be possible to kill it. */
  consoleConsumer(args: readonly string[]): string[] {
    const logs = [`-D${LOGGING}.defaultLogLevel=off`, `-D${LOGGING}.log.${REBALANCES}=info`];
    return [...logs, ...JVM, ...CLASS_PATH, CONSOLE_CONSUMER, '--bootstrap-server', this.#bootstrap, ...args];
  }

  close(): Promise<void> {
    return this.#runner.close();
  }
}
