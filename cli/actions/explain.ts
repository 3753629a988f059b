/**
 * Purpose: `headway explain`: why one forecast is what it is: what each group of inputs did, and
 * the nearest past days.
 * Invariants: without --cutoff the explained forecast is the one that `forecast` and the HTTP
 * service give; the JSON is the HTTP answer's, but similar days come from all of the history.
 * Values are those known today, none after the cutoff. Changes nothing.
 * Fails: NO_CHAMPION, MODEL_NOT_FOUND, SNAPSHOT_EMPTY, SERIES_UNKNOWN, HISTORY_TOO_SHORT, USAGE for
 * a wrong cutoff.
 */
import Table from 'cli-table3';
import { restoreNetwork } from '../../forecasting/models/network/forecaster.ts';
import { indexAt, timestampAt } from '../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import {
  type ExplanationChart,
  explanationSvg,
  totalOf,
} from '../../reports/charts/explanation-chart.ts';
import { explanationInTerminal } from '../../reports/terminal/explanation.ts';
import type { ExplanationResponse } from '../../services/inference/openapi/explanation-schemas.ts';
import {
  cutoffIndex,
  explanationResponse,
} from '../../services/inference/responses/explanation-response.ts';
import { lastObserved } from '../../services/inference/serving/precompute.ts';
import { numberLabel, timeLabels } from '../../web/scales.js';
import type { CommandContext } from '../context.ts';
import { writeOutput } from '../output.ts';
import { timestamp } from './panel.ts';

export interface ExplainFlags {
  readonly series: string;
  readonly cutoff?: string;
  readonly modelVersion?: string;
  readonly svg?: string;
}

export async function explainCommand(context: CommandContext, flags: ExplainFlags): Promise<void> {
  const asked = flags.cutoff === undefined ? null : timestamp(flags.cutoff, '--cutoff');
  const answer = await explainOne(context, flags, asked);
  const picture = pictureOf(context, answer);
  const size = {
    width: Math.min(process.stdout.columns ?? 100, 120),
    colour: process.stdout.isTTY === true,
  };
  context.print(explanationInTerminal(picture, size));
  context.print(partsTable(picture));
  context.print(daysTable(context, answer));
  if (flags.svg) {
    await writeOutput(flags.svg, explanationSvg(picture));
    context.print(`Picture: ${flags.svg}`);
  }
  context.printJson(answer);
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
      fix: 'Run `headway train`, or name a model of `headway models list` with --model-version.',
    });
  }
  const { card, model, weights } = await registry.load(modelVersion);
  const { panel: online, manifest } = await features.readOnline();
  if (!online.seriesIds.includes(flags.series)) {
    throw new HeadwayError(
      'SERIES_UNKNOWN',
      `there is no ${domain.seriesNoun} ${JSON.stringify(flags.series)} in snapshot ${manifest.snapshotVersion}`,
      { fix: `Known are, for example, ${online.seriesIds.slice(0, 8).join(', ')}.` },
    );
  }
  const { snapshotVersion } = manifest;
  const panel = await features.readAsOf({ snapshotVersion, seriesIds: [flags.series] });
  // The last interval that any series has: the cutoff of the forecasts that are served.
  const last = timestampAt(online, lastObserved(online));
  await startTensorBackend(logger, settings.backend, 'prediction');
  const forecaster = restoreNetwork(model, weights);
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

function pictureOf({ domain }: CommandContext, answer: ExplanationResponse): ExplanationChart {
  const { seriesId, title } = answer;
  return {
    title:
      title === seriesId
        ? `${domain.title}: ${seriesId}`
        : `${domain.title}: ${title} (${seriesId})`,
    unit: domain.unit,
    timeZone: domain.timeZone,
    cutoff: Date.parse(answer.cutoff),
    timestamps: answer.timestamps.map((time) => Date.parse(time)),
    baseline: { title: 'usual at this hour', values: answer.baseline.values },
    parts: answer.parts,
    forecast: { title: 'forecast', values: answer.forecast.values },
  };
}

/** Parts by some of the steps, and the sum over all. */
function partsTable({ timestamps, timeZone, baseline, parts, forecast }: ExplanationChart): string {
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
  // As many digits as tell apart what moves the largest of them: three, whatever the unit.
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
    return 'No past day can be compared: too little of the history is known.';
  const { full } = timeLabels(domain.timeZone);
  const table = new Table({
    head: ['days that looked alike, up to', 'distance', 'what followed, sum'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right'],
  });
  for (const { cutoff, distance, values } of similarDays) {
    table.push([full(Date.parse(cutoff)), distance.toFixed(3), numberLabel(totalOf({ values }))]);
  }
  table.push(['the forecast', '', numberLabel(forecast.total)]);
  return table.toString();
}
