/**
 * Purpose: the models there are, newest first, with what the promotion log says of each.
 * Invariants: read from the store at most once per `keepMs`, however many ask; a store that is away
 * leaves the last good list.
 * Fails: with the store's error while there is no list yet.
 */
import { type Clock, stopwatch } from '../../../platform/clock.ts';
import type { ListedCard, Promotion, ServedModels } from '../ports.ts';

export interface HistoricModel extends ListedCard {
  /** True of the model that the log says is champion. */
  readonly isChampion: boolean;
  /** What was decided about it, oldest first. */
  readonly log: readonly Promotion[];
}

export function modelHistory(
  registry: ServedModels,
  clock: Clock,
  keepMs: number,
): () => Promise<readonly HistoricModel[]> {
  let known: readonly HistoricModel[] | null = null;
  let age = () => Number.POSITIVE_INFINITY;
  let reading: Promise<readonly HistoricModel[]> | null = null;

  async function read(): Promise<readonly HistoricModel[]> {
    const [cards, log, champion] = await Promise.all([
      registry.list(),
      registry.promotions(),
      registry.champion(),
    ]);
    known = cards.map((card) => ({
      ...card,
      isChampion: champion?.modelVersion === card.modelVersion,
      log: log.filter(({ modelVersion }) => modelVersion === card.modelVersion),
    }));
    return known;
  }

  return async () => {
    if (known && age() < keepMs) return known;
    reading ??= read().finally(() => {
      reading = null;
      age = stopwatch(clock);
    });
    const last = known;
    return last ? reading.catch(() => last) : reading;
  };
}
