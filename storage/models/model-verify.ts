/**
 * Purpose: read and check every model of a domain and its promotion log, charts included.
 * Invariants: changes nothing; continues after a problem, so that one report has them all.
 * Fails: only where the store cannot be reached.
 */
import { HeadwayError } from '../../platform/errors.ts';
import { newestWitness, witnessProblem } from '../log/witness.ts';
import { numbersToLookAt, objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, startReport } from '../store-report.ts';
import type { ModelFiles } from './model-files.ts';
import { type Promotion, parsePromotion } from './promotion.ts';

export async function verifyModels(
  store: ObjectStore,
  domain: string,
  reader: ModelFiles,
): Promise<StoreReport> {
  const report = startReport();
  // First, because the log may grow meanwhile.
  const witnesses = objectKeys.promotionWitnesses(domain);
  const witness = await newestWitness(store, witnesses);
  const keys = (await store.list(objectKeys.models(domain))).filter(
    (key) => !key.startsWith(witnesses),
  );
  for (const key of keys) {
    const modelVersion = /\/([^/]+)\/card\.json$/.exec(key)?.[1];
    if (modelVersion === undefined) continue;
    await report.attempt(key, async () => {
      const card = await reader.readCard(modelVersion);
      for (const file of ['model.json', 'weights.bin'] as const) {
        const fileKey = objectKeys.modelFile(domain, modelVersion, file);
        await report.attempt(fileKey, async () => (await reader.readFile(card, file)).length);
      }
      return (await store.get(key)).length;
    });
  }
  const last = await verifyPromotions(store, domain, keys, reader, report);
  const lost = witnessProblem(witness, last.number, last.head);
  if (witness && lost)
    report.problems.push({ key: objectKeys.promotion(domain, witness.number), problem: lost });
  return report.finish(keys);
}

/** The highest number of the log, and the last entry that can be read. */
async function verifyPromotions(
  store: ObjectStore,
  domain: string,
  keys: readonly string[],
  reader: ModelFiles,
  report: ReturnType<typeof startReport>,
): Promise<{ number: number; head: Promotion | null }> {
  let head: Promotion | null = null;
  const numbers = numbersToLookAt(keys, objectKeys.promotionLog(domain));
  for (const number of numbers) {
    const key = objectKeys.promotion(domain, number);
    await report.attempt(key, async () => {
      const bytes = await store.get(key);
      const promotion = parsePromotion(key, bytes);
      head = promotion;
      const { modelVersion, picture: chart } = promotion;
      if (chart)
        await report.attempt(chart.key, async () => (await reader.readChart(chart)).length);
      if (await store.has(objectKeys.modelFile(domain, modelVersion, 'card.json')))
        return bytes.length;
      throw new HeadwayError(
        'STORE_CORRUPT',
        `It names model ${modelVersion}, which does not exist`,
        { where: key },
      );
    });
  }
  return { number: numbers.at(-1) ?? 0, head };
}
