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
import { intervalsOf } from '../../forecasting/evaluation/intervals.ts';
import { seasonalNaive } from '../../forecasting/models/baselines/naive.ts';
import { openSteps } from '../../forecasting/panel/closed-days.ts';
import { onlySeries, targetOf, timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { FLAG_MEANINGS, SERIES_FLAGS } from '../../forecasting/panel/series-flags.ts';
import { HeadwayError } from '../../platform/errors.ts';
import type { ForecastData } from '../../reports/charts/data/forecast-data.ts';
import { forecastInTerminal } from '../../reports/terminal/forecast.ts';
import {
  hasForecast,
  type IssuedForecasts,
} from '../../services/inference/batch/issue-forecasts.ts';
import { baselineVersion, FALLBACK_MEANINGS } from '../../services/inference/serving/fallback.ts';
import { parseShard } from '../../services/inference/shards/shard.ts';
import { modelLater, modelPossibleFrom } from '../../services/training/short-history.ts';
import { defaultConfigOf } from '../../services/training/training-config.ts';
import { demandOf } from '../../storage/features/manifest.ts';
import type { CommandContext } from '../context.ts';
import { timestamp } from '../flags.ts';
import { recordLineage, stored } from '../lineage.ts';
import { writeOutput } from '../output.ts';
import { type Asked, issue, issueAll } from './issue-batch.ts';

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
  const asked = {
    ...(flags.horizon === undefined ? {} : { horizon: flags.horizon }),
    ...(flags.shard === undefined ? {} : { shard: parseShard(flags.shard) }),
    ...(flags.issuedAt === undefined ? {} : { issuedAt: timestamp(flags.issuedAt, '--issued-at') }),
  };
  const { series: seriesId } = flags;
  if (seriesId === undefined) return forecastAll(context, asked, flags.challenger);
  const issued = await issue(context, { ...asked, seriesId, allowsBaseline: true });
  const series = issued.panel.seriesIds.indexOf(seriesId);
  if (series < 0) {
    throw unknownSeries(domain, seriesId, issued.entry.snapshotVersion, issued.panel.seriesIds);
  }
  if (!hasForecast(issued.entry, series)) throw tooFewValues(seriesId);
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
  const fallback = issued.replaced.get(seriesId)?.reason;
  context.print(forecastTable(chart, issued.entry, series, open));
  if (issued.entry.modelVersion === null)
    context.print(
      `No model has been promoted: the forecast is from ${versionOf(issued.entry)}.` +
        `${await modelLaterNote(context)}`,
    );
  if (fallback !== undefined)
    context.print(`Fallback ${fallback}: ${FALLBACK_MEANINGS[fallback]}.`);
  const found = issued.flags.get(seriesId) ?? [];
  for (const flag of found) context.print(`Flagged ${flag}: ${FLAG_MEANINGS[flag]}.`);
  if (flags.svg) {
    const { forecastSvg } = await import('../../reports/svg-files.ts');
    await writeOutput(flags.svg, forecastSvg(chart));
    context.print(`Chart: ${flags.svg}`);
  }
  context.printJson({
    domain: domain.name,
    seriesId: seriesId,
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
  asked: Asked,
  challengers: readonly string[] | undefined,
): Promise<void> {
  const inputs = [stored(context, 'features'), stored(context, 'models')];
  const work = () => issueAll(context, asked, challengers);
  const batch = await recordLineage(context, 'forecast', inputs, work, ({ issued: { entry } }) => ({
    inputs: [
      stored(context, 'features', entry.snapshotVersion),
      stored(context, 'models', entry.modelVersion),
    ],
    outputs: [stored(context, 'forecasts')],
  }));
  const { issued, ranges, series, flagged, fallbacks, shadows } = batch;
  const { horizon, cutoff } = issued.entry;
  context.print(
    `Forecast ${series} series × ${horizon} steps after ${iso(cutoff)}, written to the ledger.`,
  );
  if (shadows.length > 0) context.print(`Also forecast, but not served: ${shadows.join(', ')}.`);
  for (const flag of SERIES_FLAGS) {
    const { count = 0, examples = [] } = flagged.get(flag) ?? {};
    if (count > 0)
      context.print(
        `Flagged ${flag} (${FLAG_MEANINGS[flag]}): ${count}, e.g. ${examples.join(', ')}.`,
      );
  }
  for (const [reason, count] of fallbacks)
    context.print(`Fallback ${reason} (${FALLBACK_MEANINGS[reason]}): ${count} series.`);
  const { seriesIds, values, mean, ...header } = issued.entry;
  const replaced = [...issued.replaced].map(([id, { reason }]) => [id, reason] as const);
  // Of very many series the numbers are in the ledger alone: no text could hold them.
  const numbers = {
    seriesIds,
    values: Array.from(values),
    mean: Array.from(mean),
    flags: Object.fromEntries(issued.flags),
    replaced: Object.fromEntries(replaced),
  };
  context.printJson({ ...header, series, shadows, ...(ranges === 1 ? numbers : {}) });
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
    { fix: `Known series include ${known.slice(0, 8).join(', ')}.` },
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
