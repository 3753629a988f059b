/**
 * Purpose: whether forecasts add up, on windows of 28 days that the model has not seen: the sum of
 * the means over the sum of the actuals, the coverage and width of the bands of totals, and, where
 * a source knows the truth, what decisions cost more than by it.
 *   npm run bench:totals -- --domain NAME --source SPEC [--fits FOLDER] [--json FILE]
 * Invariants: each window is forecast by what `headway train` would have built before it.
 * Fails: as the pipeline does; HISTORY_TOO_SHORT where no window can be scored.
 */

import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { CommandContext } from '../cli/context.ts';
import type { Source } from '../domains/domain.ts';
import { ALL, groupsIn } from '../services/inference/serving/group-totals.ts';
import { type FittedWindow, fittedWindows, panelOf } from './support/fitted-windows.ts';
import { moneyRegret } from './support/money-figures.ts';
import { runBench } from './support/run-bench.ts';
import { STEPS_OPTION } from './support/steps-option.ts';
import { totalCoverage } from './support/total-coverage.ts';
import { meansOverActuals } from './support/total-figures.ts';

interface Flags {
  readonly domain: string;
  readonly source: string;
  readonly fits?: string;
  readonly windows: string;
  readonly skipDays: string;
  readonly steps?: string;
  readonly json?: string;
}

async function bench(flags: Flags, fits: string): Promise<void> {
  const asked = {
    ...{ domain: flags.domain, source: flags.source, fits },
    ...{ windows: Number(flags.windows), skipDays: Number(flags.skipDays) },
    ...(flags.steps ? { steps: Number(flags.steps) } : {}),
  };
  const { context, panel } = await panelOf(asked);
  const source = await context.source();
  const windows = [];
  for await (const window of fittedWindows(context, panel, asked)) {
    const figures = { lastDay: window.lastDay, ...figuresOf(context, window, source.oracle) };
    console.log(JSON.stringify(figures, null, 1));
    windows.push(figures);
  }
  if (flags.json)
    await writeFile(flags.json, `${JSON.stringify({ domain: flags.domain, windows }, null, 1)}\n`);
}

function figuresOf(
  { domain }: CommandContext,
  window: FittedWindow,
  oracle: Source['oracle'] | undefined,
) {
  const { seriesIds } = window.panel;
  const groups = groupsIn(domain, seriesIds).flatMap(({ groupId, seriesIds: own }) => {
    const rows = own.map((id) => seriesIds.indexOf(id));
    const names = groupId === ALL ? [ALL] : ['groups', groupId];
    return names.map((name) => ({ name, rows }));
  });
  return {
    sums: meansOverActuals(window, domain.horizon),
    bands: totalCoverage(window, domain, groups),
    ...(oracle ? { regret: moneyRegret(window, domain, oracle) } : {}),
  };
}

const command = new Command('bench:totals')
  .description('Score sums of forecasts on windows of 28 days.')
  .requiredOption('--domain <name>', 'a folder in domains/')
  .requiredOption('--source <spec>', 'raw data, as for `headway features run`')
  .option('--fits <folder>', 'keep the fitted models here, and use those that are there')
  .option('--windows <count>', 'the last 28 days, and as many a quarter of a year apart', '1')
  .option(
    '--skip-days <days>',
    'leave out this many days at the end: earlier windows, for choosing',
    '0',
  )
  .option(...STEPS_OPTION)
  .option('--json <file>', 'write the figures');

await runBench<Flags>(command, (flags, folder) => bench(flags, flags.fits ?? folder));
