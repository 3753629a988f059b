/**
 * Purpose: the commands `headway features …` with their flags.
 * Invariants: as cli/command.ts.
 * Fails: as the actions do.
 */
import type { FeaturesFlags } from '../../actions/features/run.ts';
import { type AddCommand, command } from '../../command.ts';
import { engineFlag, sourceFlag, sourceFlags } from '../../flags.ts';

export const register: AddCommand = (program, env) => {
  const features = program.command('features').description('build and inspect features');
  command<FeaturesFlags>(features, env, {
    name: 'run',
    description: 'Fetch, validate and aggregate raw data, and commit a snapshot.',
    define: (c) =>
      engineFlag(sourceFlags(c))
        .option('--report <file>', 'write the data-quality report to this HTML file')
        .option('--accept <id>', 'commit the data of this quarantined run, and nothing else')
        .option('--reason <text>', 'why the data is accepted, for the snapshot log'),
    run: async (context, flags) =>
      (await import('../../actions/features/run.ts')).runFeaturesCommand(context, flags),
  });
  command<{ part?: string }>(features, env, {
    name: 'sql',
    description: 'Print the SQL that aggregates one raw part.',
    define: (c) =>
      engineFlag(sourceFlag(c)).option('--part <name>', 'a file of the source (default: newest)'),
    run: async (context, flags) =>
      (await import('../../actions/features/sql.ts')).featuresSql(context, flags),
  });
  const quarantine = features
    .command('quarantine')
    .description('runs that failed the data contract');
  command(quarantine, env, {
    name: 'list',
    description: 'List quarantined runs, oldest first, and whether their data was committed since.',
    run: async (context) =>
      (await import('../../actions/features/quarantine.ts')).listQuarantine(context),
  });
  command(quarantine, env, {
    name: 'show',
    description: 'Show why a run was quarantined: failed expectations and sample rows.',
    define: (c) => c.argument('<id>', 'id from `quarantine list`'),
    run: async (context, _flags, id) =>
      (await import('../../actions/features/quarantine.ts')).showQuarantine(context, id as string),
  });
};
