/**
 * Purpose: the lineage of the three jobs that write: features, training, forecasts.
 * Invariants: without the setting nothing is made; data sets are named by the store and their
 * folder in it, and carry the version of snapshot or model. Of an address neither user nor query is
 * sent.
 * Fails: as the job does.
 */
import { withoutQuery } from '../platform/http/without-query.ts';
import type { Lineage, LineageDataset } from '../platform/telemetry/open-lineage.ts';
import type { CommandContext } from './context.ts';

export type DatasetKind = 'features' | 'models' | 'forecasts';

export const stored = (
  { settings, domain }: CommandContext,
  kind: DatasetKind,
  version?: string | null,
): LineageDataset => ({
  namespace: settings.store,
  name: `${kind}/${domain.name}`,
  ...(version ? { version } : {}),
});

/** The raw data. */
export const rawData = ({ settings, domain }: CommandContext): LineageDataset => ({
  namespace: `headway:${domain.name}`,
  name: withoutQuery(settings.source ?? domain.defaultSource ?? 'none'),
});

export async function recordLineage<T>(
  context: CommandContext,
  job: string,
  inputs: readonly LineageDataset[],
  work: () => Promise<T>,
  lineageOf: (result: T) => Lineage,
): Promise<T> {
  const { openLineage: target } = context.settings;
  if (target === null) return work();
  const { withLineage } = await import('../platform/telemetry/open-lineage.ts');
  const { clock, logger, domain } = context;
  const options = { target, clock, logger, namespace: `headway:${domain.name}` };
  return withLineage(options, job, inputs, work, lineageOf);
}
