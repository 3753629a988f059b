/**
 * Purpose: the command `headway explain` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import type { ExplainFlags } from '../actions/explain.ts';
import { type AddCommand, command } from '../command.ts';

export const register: AddCommand = (program, env) => {
  command<ExplainFlags>(program, env, {
    name: 'explain',
    description: 'Explain the forecast of one series: contributions of inputs, similar past days.',
    define: (c) =>
      c
        .requiredOption('--series <id>', 'the series')
        .option(
          '--cutoff <timestamp>',
          'last interval the forecast may use, ISO 8601 in UTC (default: newest)',
        )
        .option('--model-version <version>', 'a model (default: champion)')
        .option('--svg <file>', 'write the chart as SVG'),
    run: async (context, flags) =>
      (await import('../actions/explain.ts')).explainCommand(context, flags),
  });
};
