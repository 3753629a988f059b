/**
 * Purpose: the command `headway schedule` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { Option } from 'commander';
import type { ScheduleFlags } from '../actions/schedule.ts';
import { type AddCommand, command } from '../command.ts';
import { sourceFlags } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  command<ScheduleFlags>(program, env, {
    name: 'schedule',
    description: 'Update features and monitor hourly, and train daily.',
    define: (c) =>
      sourceFlags(c)
        .addOption(
          new Option('--only <job>', 'run one job only').choices([
            'features',
            'training',
            'monitoring',
          ]),
        )
        .option('--once', 'run the jobs once, now, and exit (for an external scheduler)'),
    run: async (context, flags) =>
      (await import('../actions/schedule.ts')).scheduleCommand(context, flags),
  });
};
