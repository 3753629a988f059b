/**
 * Purpose: the commands `headway stream …` with their flags.
 * Invariants: as cli/command.ts.
 * Fails: as the actions do.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LandFlags } from '../../actions/stream/land.ts';
import type { ReplayFlags } from '../../actions/stream/replay.ts';
import { type AddCommand, command } from '../../command.ts';
import { sourceFlag, wholeNumber, wholeNumberOr0 } from '../../flags.ts';

const topicFlags = (command: Command): Command =>
  command
    .requiredOption('--topic <name>', 'the topic')
    .option('--brokers <address>', 'kafka://[USER@]HOST:PORT,HOST:PORT; kafkas:// for TLS');

export const register: AddCommand = (program, env) => {
  const stream = program.command('stream').description('land events from a Kafka topic');
  command<LandFlags>(stream, env, {
    name: 'land',
    description: 'Read new events of a topic into the store, until it is stopped.',
    define: (c) =>
      topicFlags(c)
        .option('--once', 'stop when everything that is in the topic now has landed')
        .option(
          '--every <seconds>',
          'pause when nothing is left to land (default: 10)',
          wholeNumber,
        )
        .option('--forecast', 'make features and forecasts as soon as an hour has closed')
        .option('--max-late <hours>', 'older events are dead letters (default: 744)', wholeNumber)
        .option('--max-records <count>', 'records of one entry (default: 200000)', wholeNumber)
        .option('--registry <url>', 'schema registry for Avro and Protobuf: http(s)://[USER@]HOST')
        .option('--mirror-group <name>', 'consumer group whose offsets are set for lag tools')
        .addOption(
          new Option('--accept <what>', 'continue despite the error that names this value').choices(
            ['loss', 'topic', 'dead-letters'],
          ),
        ),
    run: async (context, flags) =>
      (await import('../../actions/stream/land.ts')).landCommand(context, flags),
  });
  command<{ topic: string }>(stream, env, {
    name: 'status',
    description: 'Show what was landed of a topic, by partition.',
    define: (c) => c.requiredOption('--topic <name>', 'the topic'),
    run: async (context, flags) =>
      (await import('../../actions/stream/status.ts')).statusCommand(context, flags),
  });
  command<{ topic: string; limit?: number }>(stream, env, {
    name: 'dead-letters',
    description: 'List records that are not events, newest first, with the reason and their bytes.',
    define: (c) =>
      c
        .requiredOption('--topic <name>', 'the topic')
        .option('--limit <count>', 'how many (default: 20)', wholeNumber),
    run: async (context, flags) =>
      (await import('../../actions/stream/dead-letters.ts')).deadLettersCommand(context, flags),
  });
  command<ReplayFlags>(stream, env, {
    name: 'replay',
    description: 'Publish the raw data of a source to a topic, as its producers would have.',
    define: (c) =>
      sourceFlag(topicFlags(c))
        .option('--part <name>', 'a file of the source (default: newest)')
        .option('--partitions <count>', 'of the topic, if it is absent (default: 3)', wholeNumber)
        .option('--speed <factor>', 'seconds of events per second (default: no pause)', wholeNumber)
        .option('--delay <minutes>', 'largest delay of an event (default: 0)', wholeNumberOr0)
        .option('--duplicates <share>', 'share of events published twice (default: 0)', share)
        .option('--seed <number>', 'seed of all random numbers'),
    run: async (context, flags) =>
      (await import('../../actions/stream/replay.ts')).replayCommand(context, flags),
  });
};

function share(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}
