/**
 * Purpose: `headway explain`: the contribution of each group of inputs to one forecast, and
 * similar past days.
 * Invariants: without --cutoff the explained forecast is that of `forecast` and the HTTP
 * service; the JSON is the HTTP response, with similar days from the whole history. Values are
 * those known today, none after the cutoff. Reads only.
 * Fails: NO_CHAMPION, MODEL_NOT_FOUND, SNAPSHOT_EMPTY, SERIES_UNKNOWN, HISTORY_TOO_SHORT, USAGE for
 * a wrong cutoff.
 */
import Table from 'cli-table3';
import { indexAt, timestampAt } from '../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { numberLabel, timeLabels } from '../../platform/text/scales.ts';
import { type ExplanationData, totalOf } from '../../reports/charts/data/explanation-data.ts';
import { explanationInTerminal } from '../../reports/terminal/explanation.ts';
import type { ExplanationResponse } from '../../services/inference/openapi/explanation-schemas.ts';
import {
  cutoffIndex,
  explainable,
  explanationResponse,
} from '../../services/inference/responses/explanation-response.ts';
import { pickFromRanges } from '../../storage/features/online/online-snapshot.ts';
import { restoreForecaster } from '../../storage/models/restore-forecaster.ts';
import type { CommandContext } from '../context.ts';
import { timestamp } from '../flags.ts';
import { writeOutput } from '../output.ts';
import { unknownSeries } from './forecast.ts';

export interface ExplainFlags {
  readonly series: string;
  readonly cutoff?: string;
  readonly modelVersion?: string;
  readonly svg?: string;
}

export async function explainCommand(context: CommandContext, flags: ExplainFlags): Promise<void> {
  const asked = flags.cutoff === undefined ? null : timestamp(flags.cutoff, '--cutoff');
  const response = await explainOne(context, flags, asked);
  const chart = chartOf(context, response);
  const size = {
    width: Math.min(process.stdout.columns ?? 100, 120),
    colour: process.stdout.isTTY === true,
  };
  context.print(explanationInTerminal(chart, size));
  context.print(partsTable(chart));
  context.print(daysTable(context, response));
  if (flags.svg) {
    const { explanationSvg } = await import('../../reports/svg-files.ts');
    await writeOutput(flags.svg, explanationSvg(chart));
    context.print(`Chart: ${flags.svg}`);
  }
  context.printJson(response);
}

async function explainOne(
  context: CommandContext,
  flags: ExplainFlags,
  asked: number | null,
): Promise<ExplanationResponse> {
  const { domain, settings, logger } = context;
  const [registry, features] = [await context.registry(), await context.features()];
  const modelVersion = flags.modelVersion ?? (await registry.champion())?.modelVersion;
  if (modelVersion === undefined) {
    throw new HeadwayError('NO_CHAMPION', `no model of ${domain.name} has been promoted yet`, {
      fix: 'Run `headway train`, or choose one from `headway models list` with --model-version.',
    });
  }
  const { card, model, weights } = await registry.load(modelVersion);
  const online = await features.openOnline();
  const { snapshotVersion } = online.manifest;
  const { seriesIds } = await online.range(online.rangeOf(flags.series));
  if (!seriesIds.includes(flags.series))
    throw unknownSeries(domain, flags.series, snapshotVersion, seriesIds);
  await startTensorBackend(logger, settings.backend, 'prediction');
  const forecaster = explainable(restoreForecaster(model, weights));
  const { withContext, contextSeries = [] } = forecaster;
  // The context is made of some series, of which the snapshot may lack one.
  const read = await pickFromRanges(online, [flags.series, ...contextSeries]);
  const own = await features.readAsOf({ snapshotVersion, seriesIds: read.seriesIds });
  const panel = withContext?.(own) ?? own;
  // The last interval that any series has: the cutoff of the forecasts that are served.
  const last = timestampAt(read, await online.lastObserved());
  return explanationResponse({
    domain,
    forecaster,
    modelVersion,
    snapshotVersion,
    panel,
    seriesId: flags.series,
    cutoff: cutoffIndex(panel, asked ?? last, indexAt(panel, last), forecaster.minimumHistory),
    horizon: card.horizon,
  });
}

function chartOf({ domain }: CommandContext, response: ExplanationResponse): ExplanationData {
  const { seriesId, title } = response;
  return {
    title:
      title === seriesId
        ? `${domain.title}: ${seriesId}`
        : `${domain.title}: ${title} (${seriesId})`,
    unit: domain.unit,
    timeZone: domain.timeZone,
    cutoff: Date.parse(response.cutoff),
    timestamps: response.timestamps.map((time) => Date.parse(time)),
    baseline: { title: 'usual at this hour', values: response.baseline.values },
    parts: response.parts,
    forecast: { title: 'forecast', values: response.forecast.values },
  };
}

/** Parts by some of the steps, and the sum over all. */
function partsTable({ timestamps, timeZone, baseline, parts, forecast }: ExplanationData): string {
  const { hour } = timeLabels(timeZone);
  const steps = selectedSteps(timestamps.length);
  const table = new Table({
    head: [
      '',
      ...steps.map((step) => `step ${step} (${hour(timestamps[step - 1] as number)})`),
      'sum',
    ],
    style: { head: [], border: [] },
    colAligns: ['left', ...steps.map(() => 'right' as const), 'right'],
  });
  const row = (
    { title, values }: { title: string; values: readonly number[] },
    label: (value: number) => string,
  ) =>
    table.push([
      title,
      ...steps.map((step) => label(values[step - 1] as number)),
      label(totalOf({ values })),
    ]);
  // Three significant digits of the largest value, whatever the unit.
  const largest = Math.max(
    ...[baseline, forecast, ...parts].flatMap(({ values }) => values.map(Math.abs)),
    1e-6,
  );
  const digits = Math.min(8, Math.max(0, 2 - Math.floor(Math.log10(largest))));
  const plain = (value: number) => value.toFixed(digits);
  const withSign = (value: number) =>
    value < 0 ? plain(value).replace('-', '−') : `+${plain(value)}`;
  row(baseline, plain);
  for (const part of parts) row(part, withSign);
  row(forecast, plain);
  return table.toString();
}

/** The first, the last and some between: 1, 3, 6, 12, 24 of a day of hours. */
const selectedSteps = (horizon: number): number[] => [
  ...new Set(
    [1 / 24, 1 / 8, 1 / 4, 1 / 2, 1].map((share) => Math.max(1, Math.round(share * horizon))),
  ),
];

function daysTable(
  { domain }: CommandContext,
  { similarDays, forecast }: ExplanationResponse,
): string {
  if (similarDays.length === 0)
    return 'There are no similar past days: too little history is known.';
  const { full } = timeLabels(domain.timeZone);
  const table = new Table({
    head: ['similar past days, up to', 'distance', 'actual sum that followed'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right'],
  });
  for (const { cutoff, distance, values } of similarDays) {
    table.push([full(Date.parse(cutoff)), distance.toFixed(3), numberLabel(totalOf({ values }))]);
  }
  table.push(['this forecast', '', numberLabel(forecast.total)]);
  return table.toString();
}
