/**
 * Purpose: `headway models list | show | promote | rollback`.
 * Invariants: every change of champion is an entry in the append-only log, with its reason.
 * Fails: MODEL_NOT_FOUND, MODEL_CORRUPT, NO_CHAMPION; STORE_CORRUPT for a chart that was changed.
 */
import Table from 'cli-table3';
import { HeadwayError } from '../../../platform/errors.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import type { ModelCard } from '../../../storage/models/model-card.ts';
import type { ModelRegistry } from '../../../storage/models/model-registry.ts';
import type { CommandContext } from '../../context.ts';
import { metricsTable } from '../../metrics-table.ts';
import { writeOutput } from '../../output.ts';

export async function listModels(context: CommandContext): Promise<void> {
  const registry = await context.registry();
  const [cards, champion, promotions] = [
    await registry.list(),
    await registry.champion(),
    await registry.promotions(),
  ];
  const twins = new Map(
    cards.flatMap(({ modelVersion, refit }) => (refit ? [[refit.twin, modelVersion]] : [])),
  );
  const verdicts = new Map(promotions.map((entry) => [entry.modelVersion, entry]));
  const table = new Table({
    head: ['', 'model', 'snapshot', 'backend', 'seconds', 'MAE', 'verdict'],
    style: { head: [], border: [] },
  });
  for (const card of cards) {
    const metrics = card.metrics as { all?: Record<string, { mae?: number }> } | null;
    const mae = metrics?.all?.[card.forecaster]?.mae;
    table.push([
      card.modelVersion === champion?.modelVersion ? '*' : '',
      card.modelVersion,
      card.snapshotVersion,
      card.backend,
      card.trainingSeconds.toFixed(1),
      mae === undefined ? '' : String(mae),
      verdictInWords(verdicts.get(card.modelVersion)?.reason, twins.get(card.modelVersion)),
    ]);
  }
  context.print(
    cards.length > 0 ? `${table.toString()}\n* champion` : 'No models yet: run `headway train`.',
  );
  context.printJson({
    champion: champion?.modelVersion ?? null,
    models: cards.map((card) => ({ ...card, verdict: verdicts.get(card.modelVersion) ?? null })),
  });
}

/** A model that was fitted again on all data has its verdict under the name of the refit. */
const verdictInWords = (reason: string | undefined, refit: string | undefined): string =>
  reason ?? (refit === undefined ? '' : `scored for ${refit}, its fit on all data`);

/**
 * Card, metrics and promotion decisions of one model: by default the champion, or the newest model
 * where there is no champion.
 */
export async function showModel(
  context: CommandContext,
  named: string | undefined,
  flags: { svg?: string },
): Promise<void> {
  const registry = await context.registry();
  const champion = await registry.champion();
  const modelVersion = named ?? champion?.modelVersion ?? (await registry.list())[0]?.modelVersion;
  if (modelVersion === undefined) {
    throw new HeadwayError('MODEL_NOT_FOUND', `there is no model of ${context.domain.name} yet`, {
      fix: 'Run `headway train`.',
    });
  }
  const { card } = await registry.load(modelVersion);
  const verdicts = (await registry.promotions()).filter(
    (entry) => entry.modelVersion === modelVersion,
  );
  context.print(cardTable(card, champion?.modelVersion === modelVersion));
  for (const { at, kind, reason } of verdicts) {
    // The reason of an evaluation begins with its kind; that of a manual change does not.
    const hasKind = /^(not promoted|promoted|inconclusive): /.test(reason);
    context.print(`${utcText(at)}  ${hasKind ? '' : `${kind}: `}${reason}`);
  }
  const { metrics } = card;
  if (metrics)
    context.print(
      `\n${metricsTable(metrics as Parameters<typeof metricsTable>[0], context.domain.unit)}`,
    );
  const svg = flags.svg === undefined ? null : await writeChart(registry, verdicts, flags.svg);
  if (svg) context.print(`Chart of the decision: ${svg}`);
  context.printJson({ champion: champion?.modelVersion === modelVersion, card, verdicts, svg });
}

function cardTable(card: ModelCard, isChampion: boolean): string {
  const seconds = card.trainingSeconds.toFixed(1);
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['model', `${card.modelVersion}${isChampion ? ' (champion)' : ''}`],
    ['trained', `${utcText(card.createdAt)}, ${seconds} s on ${card.backend}, seed ${card.seed}`],
    ['data', `snapshot ${card.snapshotVersion}, up to ${utcText(card.trainingCutoff)}`],
    ...(card.refit
      ? [
          ['scored as', `${card.refit.twin}, the same recipe fitted without the test weeks`],
          ['checks', card.refit.checks.join('\n')],
        ]
      : []),
    ['forecasts', `${card.horizon} steps at the quantiles ${card.quantiles.join(', ')}`],
    [
      'size',
      `${((card.files['model.json'].bytes + card.files['weights.bin'].bytes) / 1e3).toFixed(0)} kB`,
    ],
  );
  return table.toString();
}

/** The newest chart among the decisions. */
async function writeChart(
  registry: ModelRegistry,
  verdicts: readonly Parameters<ModelRegistry['chart']>[0][],
  path: string,
): Promise<string> {
  const entry = verdicts.findLast((one) => one.picture !== null);
  const svg = entry ? await registry.chart(entry) : null;
  if (svg === null) {
    throw new HeadwayError('OBJECT_NOT_FOUND', 'no decision on this model has a chart', {
      fix: 'Omit --svg: a model that was promoted by hand, or by an early release, has no chart.',
    });
  }
  await writeOutput(path, svg);
  return path;
}

export async function promoteModel(
  context: CommandContext,
  modelVersion: string,
  reason: string,
): Promise<void> {
  const entry = await (await context.registry()).promote({ modelVersion, reason, evidence: null });
  context.print(`${entry.modelVersion} is the champion: ${entry.reason}`);
  context.printJson(entry);
}

export async function rollbackModel(context: CommandContext, reason: string): Promise<void> {
  const entry = await (await context.registry()).rollback({ reason });
  context.print(`${entry.modelVersion} is the champion again: ${entry.reason}`);
  context.printJson(entry);
}
