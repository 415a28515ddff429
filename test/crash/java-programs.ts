// Java programs of a test: their jars fetched by Maven, their sources compiled, both once, into the cache folder of the interop suite.
import { globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder, installOnce } from '../interop/cache-folder.ts';
import { needCommand } from '../interop/missing-tool.ts';
import { runCommand } from '../interop/run-command.ts';

/** The sources that every suite gets: what fills topics and reads them. */
const shared = join(import.meta.dirname, 'java');

/** One compiler, one collector thread: these programs are short, and two cores have to do for all of them. */
const JVM = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Dfile.encoding=UTF-8'];
const LOGGING = 'org.slf4j.simpleLogger';

export class JavaPrograms {
  readonly #java: string;
  readonly #classPath: string;

  private constructor(java: string, classPath: string) {
    this.#java = java;
    this.#classPath = classPath;
  }

  /** Installs what `folder` has (a pom.xml, perhaps Java sources) under a name of its own; throws a MissingTool without a JDK or Maven. */
  static async install(name: string, folder: string = shared): Promise<JavaPrograms> {
    const java = needCommand(['java'], `run ${name}`);
    const javac = needCommand(['javac'], `compile ${name}`);
    const maven = needCommand(['mvn'], `fetch the jars of ${name}`);
    const target = join(cacheFolder, name);
    const pom = join(folder, 'pom.xml');
    const sources = [...new Set([shared, folder])].flatMap((from) => globSync(join(from, '*.java')).sort());
    await installOnce(name, target, [pom, ...sources], async () => {
      const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${target}`, '-DincludeScope=runtime'];
      await runCommand(maven, ['-q', '-B', '-f', pom, ...goal], { deadlineMs: 300_000 });
      await runCommand(javac, ['-encoding', 'UTF-8', '-cp', join(target, '*'), '-d', target, ...sources], {
        deadlineMs: 120_000,
      });
    });
    return new JavaPrograms(java, [target, join(target, '*')].join(delimiter));
  }

  /** The command line of a program. @param level its lowest level of log lines, on stderr */
  command(main: string, args: readonly string[], level = 'error', heap = '512m'): string[] {
    const log = [`-D${LOGGING}.defaultLogLevel=${level}`, `-D${LOGGING}.showDateTime=true`];
    return [this.#java, ...JVM, `-Xmx${heap}`, ...log, '-cp', this.#classPath, main, ...args];
  }

  async run(main: string, args: readonly string[], input = '', deadlineMs = 120_000): Promise<string> {
    const [java = '', ...rest] = this.command(main, args);
    return await runCommand(java, rest, { input, deadlineMs });
  }
}
