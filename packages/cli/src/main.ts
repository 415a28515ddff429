// The `moldau` command. Only what is asked for is loaded: the argument parser first, then the code of the one subcommand.
import { Command, CommanderError } from 'commander';
import { addAdopt } from './adopt.ts';
import { addDumpLog } from './dump-log.ts';
import { addServe } from './serve.ts';

const program = new Command('moldau')
  .description(
    "Moldau does Apache Kafka's job: topics, producers, consumer groups, over Kafka's own protocol.",
  )
  .exitOverride()
  .showHelpAfterError('(moldau --help tells what there is)');
addServe(program);
addAdopt(program);
addDumpLog(program);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // 2 is what shells and scripts take for a mistake in the arguments; help and version are no mistake.
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
