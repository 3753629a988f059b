/**
 * Purpose: the last look of monitoring in a few figures, for whoever shows or watches them without
 * reading scores: the metrics of the service, the dead-man's switch.
 * Invariants: the newest entry is what is known; a figure that cannot be measured yet is null.
 * Fails: as storage/log/timed-log.ts.
 */
import { type Numbered, openTimedLog } from '../log/timed-log.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { StoreReport } from '../store-report.ts';

export const FIGURES_FORMAT = 1;

export interface LiveFigures {
  /** When monitoring looked. */
  readonly at: number;
  /** The champion that the figures are of; null: none. */
  readonly modelVersion: string | null;
  /** 1 − live pinball loss / that of the best naive baseline, over the last days. */
  readonly skill: number | null;
  /** Share of actuals inside the 80 % interval, over the last days. */
  readonly coverage80: number | null;
  /** The end of the last interval that was scored. */
  readonly scoredUntil: number | null;
  /** Alerts that are open. */
  readonly openAlerts: number;
}

export interface FiguresLog {
  /** null before the first look. */
  head(): Promise<LiveFigures | null>;
  append(figures: LiveFigures): Promise<Numbered<LiveFigures>>;
  verify(): Promise<StoreReport>;
}

const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const fields = {
  modelVersion: orNull({ type: 'string', minLength: 1 }),
  skill: orNull({ type: 'number' }),
  coverage80: orNull({ type: 'number', minimum: 0, maximum: 1 }),
  scoredUntil: orNull({ type: 'integer', minimum: 0 }),
  openAlerts: { type: 'integer', minimum: 0 },
};

export function openFiguresLog(options: { store: ObjectStore; domain: string }): FiguresLog {
  const { store, domain } = options;
  const log = openTimedLog<LiveFigures>({
    ...{ store, domain, fields, what: 'figures', format: FIGURES_FORMAT },
    prefix: objectKeys.figures(domain),
    keyOf: (number) => objectKeys.figuresEntry(domain, number),
  });
  return {
    head: () => log.head(),
    append: async (figures) => (await log.append(async () => figures)) as Numbered<LiveFigures>,
    verify: () => log.verify(),
  };
}
