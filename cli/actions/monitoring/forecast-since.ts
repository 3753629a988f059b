/**
 * Purpose: `headway forecast --since`: the forecasts that the champion would have issued in the
 * past, so that a new system has a record that can be scored.
 * Invariants: only over the days that the model was tested on, which it has not learned from; a
 * champion that was fitted on all data is represented by its scored twin. The ledger marks them as
 * `replayed`; what was issued at the time counts before them.
 * Fails: NO_CHAMPION; USAGE for a time that is not in the past.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import { pastFeatures } from '../../../services/monitoring/replay/past-features.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { ModelRegistry } from '../../../storage/models/model-registry.ts';
import type { CommandContext } from '../../context.ts';
import { issuerAsOf } from './issue-as-of.ts';

/** @param since the first issue time; @param everyHours between two */
export async function forecastSince(
  context: CommandContext,
  since: number,
  everyHours: number,
): Promise<void> {
  const { domain, settings, clock, logger, progress } = context;
  const now = clock.now();
  if (since >= now)
    throw new HeadwayError('USAGE', '--since is not in the past', { where: utcText(since) });
  const features = await context.features();
  const registry = await context.registry();
  const scored = await scoredModel(registry, domain);
  const step = everyHours * 3_600_000;
  const first = Math.ceil(Math.max(since, scored.testedFrom) / step) * step;
  await startTensorBackend(logger, settings.backend, 'prediction');
  const { panel } = await features.readOnline();
  const issue = issuerAsOf(context, {
    past: await pastFeatures(features, first),
    registry: {
      ...registry,
      champion: async () => scored.promotion,
      earlierChampions: async () => [],
    },
    tail: panel.length,
    challengers: async () => [],
  });
  const times = Array.from({ length: Math.max(0, Math.ceil((now - first) / step)) }, (_, i) => i);
  const issues: LedgerIssue[] = [];
  progress.start('forecasts of the past', times.length);
  for (const i of times) {
    const made = await issue(first + i * step);
    issues.push(...made.map((one) => ({ ...one, origin: 'replayed' as const })));
    progress.update(i + 1);
  }
  progress.stop();
  await (await context.ledger()).append(issues);
  context.print(
    `Wrote the forecasts of ${times.length} past times to the ledger, since ${utcText(first)}, ` +
      `by ${scored.promotion.modelVersion}, which was not trained on these days.`,
  );
  context.printJson({ since: first, times: times.length, model: scored.promotion.modelVersion });
}

/** The champion or its scored twin, and since when it was only tested. */
async function scoredModel(
  registry: ModelRegistry,
  { name, frequencyMinutes }: CommandContext['domain'],
) {
  const champion = await registry.champion();
  if (champion === null)
    throw new HeadwayError('NO_CHAMPION', `no model of ${name} has been promoted yet`, {
      fix: 'Run `headway train`.',
    });
  const { card } = await registry.load(champion.modelVersion);
  const twin = card.refit === null ? card : (await registry.load(card.refit.twin)).card;
  return {
    promotion: { ...champion, modelVersion: twin.modelVersion },
    // At the end of the last interval that it has learned from.
    testedFrom: twin.trainingCutoff + frequencyMinutes * 60_000,
  };
}
