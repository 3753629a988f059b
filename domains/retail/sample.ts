/**
 * Purpose: sample sales of five items in four stores, with weeks of promotion, in files by year.
 * Invariants: a promotion lowers the price and raises sales, and so does a price alone; plans are
 * announced two weeks before.
 * Fails: as writing files does.
 */
import { seededRandom, seedFrom } from '../../platform/random.ts';
import { count, draw, type Sample, type SampleDay, spell } from '../sources/sample.ts';

const ITEMS = { apples: 2.5, bread: 3, coffee: 7, juice: 2, soap: 4 };
const WEEKDAY = [0.9, 0.85, 0.9, 1, 1.25, 1.4, 0.7];

const header = 'date,store,item,announced,price,promotion,units';

export const sample: Sample = { years: 2, ahead: 14, header, lines: sales };

function* sales(days: readonly SampleDay[]): Generator<[string, string]> {
  for (const { date, number, season, isAhead } of days) {
    const week = Math.floor((number + 3) / 7);
    for (let store = 1; store <= 4; store++) {
      for (const [item, usual] of Object.entries(ITEMS)) {
        const isPromoted = draw('promotion', store, item, week) < 0.15;
        const quarterly = 0.9 + 0.2 * draw('price', item, Math.floor(week / 13));
        const price = usual * quarterly * (isPromoted ? 0.8 : 1);
        const mean =
          (4 + 14 * draw('store', store) * draw('item', store, item)) *
          (WEEKDAY[date.dayOfWeek - 1] ?? 1) *
          (price / usual) ** -1.5 *
          (isPromoted ? 1.6 : 1) *
          Math.exp(0.15 * season + 0.3 * spell(`store ${store}`, number));
        const units = count(mean, seededRandom(seedFrom('sales', store, item, number)));
        const plan = `${date.subtract({ days: 14 })},${price.toFixed(2)},${isPromoted ? 1 : 0}`;
        const line = `${date},${store},${item},${plan},${isAhead ? '' : units}`;
        yield [`sales-${date.year}.csv`, line];
      }
    }
  }
}
