/**
 * Purpose: `headway forecast`: one series as a chart and a table, or all of them into the ledger,
 * next to what the baselines and other models forecast at the same moment.
 * Invariants: reads what the HTTP service reads (the champion and the online view), so both give
 * the same forecast, that of a baseline included where the model has none that may be served;
 * without a champion one series is shown by the service's baseline, and nothing is written to the
 * ledger.
 * Fails: NO_CHAMPION, SNAPSHOT_EMPTY, SERIES_UNKNOWN, HORIZON_INVALID, HISTORY_TOO_SHORT; USAGE for
 * flags of a total.
 */
import Table from 'cli-table3';
import { groupBy } from '../../forecasting/evaluation/group-by.ts';
import { intervalsOf } from '../../forecasting/evaluation/intervals.ts';
import { seasonalNaive } from '../../forecasting/models/baselines/naive.ts';
import { openSteps } from '../../forecasting/panel/closed-days.ts';
import { onlySeries, targetOf, timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { FLAG_MEANINGS, SERIES_FLAGS } from '../../forecasting/panel/series-flags.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import type { ForecastData } from '../../reports/charts/data/forecast-data.ts';
import { forecastInTerminal } from '../../reports/terminal/forecast.ts';
import {
  hasForecast,
  type IssuedForecasts,
  type IssueRequest,
  issueForecasts,
  issuesOf,
} from '../../services/inference/batch/issue-forecasts.ts';
import { issueShadows } from '../../services/inference/batch/issue-shadows.ts';
import { parseShard } from '../../services/inference/batch/shard.ts';
import { baselineVersion, FALLBACK_MEANINGS } from '../../services/inference/serving/fallback.ts';
import { modelLater, modelPossibleFrom } from '../../services/training/short-history.ts';
import { defaultConfigOf } from '../../services/training/training-config.ts';
import { demandOf } from '../../storage/features/manifest.ts';
import { restoreForecaster } from '../../storage/models/restore-forecaster.ts';
import type { CommandContext } from '../context.ts';
import { timestamp } from '../flags.ts';
import { recordLineage, stored } from '../lineage.ts';
import { writeOutput } from '../output.ts';

export interface ForecastFlags {
  readonly series?: string;
  readonly window?: string;
  readonly capacity?: number;
  readonly horizon?: number;
  readonly svg?: string;
  readonly shard?: string;
  readonly issuedAt?: string;
  readonly challenger?: readonly string[];
  readonly since?: string;
  readonly every?: number;
}

export async function forecastCommand(
  context: CommandContext,
  flags: ForecastFlags,
): Promise<void> {
  const { domain } = context;
  if (flags.since !== undefined) {
    const { forecastSince } = await import('./monitoring/forecast-since.ts');
    return forecastSince(context, timestamp(flags.since, '--since'), flags.every ?? 1);
  }
  if (flags.window !== undefined || flags.capacity !== undefined)
    throw new HeadwayError('USAGE', '--window and --capacity are of a total', {
      where: '--group',
      fix: 'Name a group, such as --group all; for a series ask `headway decide --series ID`.',
    });
  const compute = () =>
    issue(context, {
      allowsBaseline: flags.series !== undefined,
      ...(flags.horizon === undefined ? {} : { horizon: flags.horizon }),
      ...(flags.shard === undefined ? {} : { shard: parseShard(flags.shard) }),
      ...(flags.issuedAt === undefined
        ? {}
        : { issuedAt: timestamp(flags.issuedAt, '--issued-at') }),
    });
  if (flags.series === undefined) return forecastAll(context, compute, flags.challenger);
  const issued = await compute();
  const series = issued.panel.seriesIds.indexOf(flags.series);
  if (series < 0) {
    throw unknownSeries(domain, flags.series, issued.entry.snapshotVersion, issued.panel.seriesIds);
  }
  if (!hasForecast(issued.entry, series)) throw tooFewValues(flags.series);
  const chart = chartOf(context, issued, series);
  context.print(
    forecastInTerminal(chart, {
      width: Math.min(process.stdout.columns ?? 100, 120),
      height: 18,
      colour: process.stdout.isTTY === true,
    }),
  );
  const { panel, cutoff, entry } = issued;
  const open = openSteps(panel, cutoff, entry.horizon, domain.closedWeekdays);
  const fallback = issued.replaced.get(flags.series)?.reason;
  context.print(forecastTable(chart, issued.entry, series, open));
  if (issued.entry.modelVersion === null)
    context.print(
      `No model has been promoted: ${versionOf(issued.entry)} forecasts.` +
        `${await modelLaterNote(context)}`,
    );
  if (fallback !== undefined)
    context.print(`Fallback ${fallback}: ${FALLBACK_MEANINGS[fallback]}.`);
  const found = issued.flags.get(flags.series) ?? [];
  for (const flag of found) context.print(`Flagged ${flag}: ${FLAG_MEANINGS[flag]}.`);
  if (flags.svg) {
    const { forecastSvg } = await import('../../reports/svg-files.ts');
    await writeOutput(flags.svg, forecastSvg(chart));
    context.print(`Chart: ${flags.svg}`);
  }
  context.printJson({
    domain: domain.name,
    seriesId: flags.series,
    unit: domain.unit,
    cutoff: iso(entry.cutoff),
    issuedAt: iso(entry.issuedAt),
    modelVersion:
      fallback === undefined ? versionOf(entry) : baselineVersion({ name: issued.baseline }),
    ...(fallback === undefined ? {} : { fallback }),
    snapshotVersion: entry.snapshotVersion,
    timestamps: chart.forecast.timestamps.map(iso),
    quantiles: Object.fromEntries(
      entry.quantiles.map((quantile, q) => [String(quantile), columnOf(entry, series, q, open)]),
    ),
    mean: meansOf(entry, series, open),
    ...(found.length > 0 ? { flags: found } : {}),
  });
}

/** All series into the ledger. */
async function forecastAll(
  context: CommandContext,
  compute: () => Promise<IssuedForecasts>,
  challengers: readonly string[] | undefined,
): Promise<void> {
  const inputs = [stored(context, 'features'), stored(context, 'models')];
  const work = async () => {
    const issued = await compute();
    return { issued, shadows: await keepIssue(context, issued, challengers) };
  };
  const { issued, shadows } = await recordLineage(
    context,
    'forecast',
    inputs,
    work,
    ({ issued: { entry } }) => ({
      inputs: [
        stored(context, 'features', entry.snapshotVersion),
        stored(context, 'models', entry.modelVersion),
      ],
      outputs: [stored(context, 'forecasts')],
    }),
  );
  const { seriesIds, horizon, cutoff } = issued.entry;
  context.print(
    `Forecast ${seriesIds.length} series × ${horizon} steps after ${iso(cutoff)}, written ` +
      'to the ledger.',
  );
  if (shadows.length > 0) context.print(`Next to it, not served: ${shadows.join(', ')}.`);
  for (const flag of SERIES_FLAGS) {
    const ids = [...issued.flags].flatMap(([id, flags]) => (flags.includes(flag) ? [id] : []));
    const examples = ids.slice(0, 5).join(', ');
    if (ids.length > 0)
      context.print(`Flagged ${flag} (${FLAG_MEANINGS[flag]}): ${ids.length}, e.g. ${examples}.`);
  }
  const replaced = [...issued.replaced].map(([id, { reason }]) => [id, reason] as const);
  for (const [reason, series] of groupBy(replaced, ([, reason]) => reason))
    context.print(`Fallback ${reason} (${FALLBACK_MEANINGS[reason]}): ${series.length} series.`);
  context.printJson({
    ...issued.entry,
    values: Array.from(issued.entry.values),
    mean: Array.from(issued.entry.mean),
    shadows,
    flags: Object.fromEntries(issued.flags),
    replaced: Object.fromEntries(replaced),
  });
}

/** Where the history is too short for a model: from when on there is enough, as a sentence. */
export async function modelLaterNote(context: CommandContext): Promise<string> {
  const from = await modelFrom(context);
  return from === null ? '' : ` ${modelLater(from)}`;
}

/** When the history is long enough for a model (epoch ms); null where it is, or there is none. */
export async function modelFrom({ domain, features }: CommandContext): Promise<number | null> {
  const store = await features();
  const head = await store.head();
  const spans = head === null ? [] : demandOf(await store.segments(head)).map(({ span }) => span);
  if (spans.length === 0) return null;
  const start = spans.reduce((least, span) => Math.min(least, span.start), spans[0]!.start);
  const end = spans.reduce((most, span) => Math.max(most, span.end), spans[0]!.end);
  return modelPossibleFrom(domain, { start, end }, defaultConfigOf(domain));
}

export const unknownSeries = (
  { seriesNoun }: CommandContext['domain'],
  seriesId: string,
  snapshotVersion: string,
  known: readonly string[],
): HeadwayError =>
  new HeadwayError(
    'SERIES_UNKNOWN',
    `there is no ${seriesNoun} ${JSON.stringify(seriesId)} in snapshot ${snapshotVersion}`,
    { fix: `Series are, for example, ${known.slice(0, 8).join(', ')}.` },
  );

export const tooFewValues = (seriesId: string): HeadwayError =>
  new HeadwayError('HISTORY_TOO_SHORT', `${seriesId} has too few recent values`, {
    where: '--series',
    fix: 'Wait for more data, or look for gaps in its recent history.',
  });

/** Some steps of one quantile of one series. */
function columnOf(
  { values, quantiles, horizon }: IssuedForecasts['entry'],
  series: number,
  q: number,
  steps: readonly number[],
): number[] {
  const first = (series * quantiles.length + q) * horizon;
  return steps.map((step) => values[first + step] as number);
}

/** The means of some steps of one series. */
const meansOf = (
  { mean, horizon }: IssuedForecasts['entry'],
  series: number,
  steps: readonly number[],
): number[] => steps.map((step) => mean[series * horizon + step] as number);

const versionOf = ({ modelVersion, forecaster }: IssuedForecasts['entry']): string =>
  modelVersion ?? baselineVersion({ name: forecaster });

/**
 * Writes what was issued, and then what others forecast at the same moment, which cannot fail the
 * batch. With more shards than series some are empty: they write nothing.
 * @returns the names of the others
 */
export async function keepIssue(
  context: CommandContext,
  issued: IssuedForecasts,
  challengers: readonly string[] = [],
): Promise<string[]> {
  const { domain, logger } = context;
  const ledger = await context.ledger();
  await ledger.append(issuesOf(issued));
  const registry = await context.registry();
  const others = new Set([...challengers, ...(await challengerOf(context))]);
  const shadows = await issueShadows(
    {
      ...{ domain, registry, challengers: [...others], restoreForecaster },
      onFailure: (shadow, error) =>
        logger.warn({ err: error, shadow }, 'a shadow cannot forecast; the batch is complete'),
    },
    issued,
  );
  try {
    await ledger.append(shadows);
  } catch (error) {
    logger.warn({ err: error }, 'the shadows could not be written; the batch is complete');
    return [];
  }
  return shadows.map(({ modelVersion, forecaster }) => modelVersion ?? forecaster);
}

/** The model that has to prove itself by the policy; a log that cannot be read is none. */
async function challengerOf(context: CommandContext): Promise<string[]> {
  try {
    const { challengersOf } = await import('../../services/monitoring/challengers.ts');
    return await challengersOf(await context.decisions());
  } catch (error) {
    context.logger.warn({ err: error }, 'no challenger forecasts; the batch is complete');
    return [];
  }
}

/** Forecasts of all series or of a shard of them, from the champion and the newest snapshot. */
export async function issue(
  context: CommandContext,
  asked: Pick<IssueRequest, 'horizon' | 'shard' | 'allowsBaseline'> & { issuedAt?: number } = {},
): Promise<IssuedForecasts> {
  const { domain, settings, clock, logger } = context;
  await startTensorBackend(logger, settings.backend, 'prediction');
  const issued = await issueForecasts({
    domain,
    features: await context.features(),
    registry: await context.registry(),
    restoreForecaster,
    issuedAt: clock.now(),
    ...asked,
  });
  const { unknownInputs } = issued;
  if (unknownInputs.length > 0)
    logger.warn(
      { columns: unknownInputs },
      'exogenous columns are unknown: their usual values are used',
    );
  return issued;
}

/** The last week, the forecast and the naive line of one series (its row in the panel). */
export function chartOf(
  { domain }: CommandContext,
  issued: IssuedForecasts,
  series: number,
): ForecastData {
  const { panel, cutoff, entry } = issued;
  const { horizon, quantiles } = entry;
  const season = seasonsOf(domain).baseline;
  const seriesId = panel.seriesIds[series] as string;
  const open = openSteps(panel, cutoff, entry.horizon, domain.closedWeekdays);
  const timestamps = open.map((step) => timestampAt(panel, cutoff + 1 + step));
  const column = (q: number) => columnOf(entry, series, q, open);
  const first = Math.max(0, cutoff - season + 1);
  const values = targetOf(panel, series);
  const naive = seasonalNaive(season).predict(onlySeries(panel, series), cutoff, horizon);
  const title = domain.seriesTitle(seriesId);
  const [outer, ...inner] = intervalsOf(quantiles);
  const within = inner[inner.length >> 1];
  return {
    title:
      title === seriesId
        ? `${domain.title}: ${seriesId}`
        : `${domain.title}: ${title} (${seriesId})`,
    unit: domain.unit,
    timeZone: domain.timeZone,
    actuals: Array.from(values.subarray(first, cutoff + 1), (value, i) => ({
      timestamp: timestampAt(panel, first + i),
      value,
    })),
    naive: open.map((step, k) => ({
      timestamp: timestamps[k] as number,
      value: naive[step] as number,
    })),
    forecast: {
      timestamps,
      lower: column(0),
      median: column(quantiles.indexOf(0.5)),
      upper: column(quantiles.length - 1),
      ...(within ? { inner: { lower: column(within.lower), upper: column(within.upper) } } : {}),
    },
    cutoff: timestampAt(panel, cutoff),
    bandName: outer?.name ?? 'no interval',
    ...(within ? { innerName: within.name } : {}),
  };
}

function forecastTable(
  { forecast, timeZone }: ForecastData,
  entry: IssuedForecasts['entry'],
  series: number,
  open: readonly number[],
): string {
  const columns = [
    ...entry.quantiles.map((_, q) => columnOf(entry, series, q, open)),
    meansOf(entry, series, open),
  ];
  const table = new Table({
    head: [
      `local time (${timeZone})`,
      ...entry.quantiles.map((quantile) => (quantile === 0.5 ? 'median' : String(quantile))),
      'mean',
    ],
    style: { head: [], border: [] },
    colAligns: ['left', ...columns.map(() => 'right' as const)],
  });
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  for (const [k, timestamp] of forecast.timestamps.entries()) {
    table.push([local.format(timestamp), ...columns.map((values) => Number(values[k]).toFixed(2))]);
  }
  return table.toString();
}

const iso = (timestamp: number): string => new Date(timestamp).toISOString();
