/**
 * Purpose: the command `headway report`.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { ReportFlags } from '../../actions/readers/report.ts';
import { type AddCommand, command } from '../../command.ts';

export const register: AddCommand = (program, env) => {
  command<ReportFlags & { week: true }>(program, env, {
    name: 'report',
    description: 'Report in sentences: what changed, were we right, what was decided.',
    define: (c) =>
      c
        .requiredOption('--week', 'the seven days until now')
        .option('--until <timestamp>', 'the seven days until this time, ISO 8601 in UTC'),
    run: async (context, flags) =>
      (await import('../../actions/readers/report.ts')).reportCommand(context, flags),
  });
};
