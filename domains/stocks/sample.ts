/**
 * Purpose: sample prices of eight stocks: random walks, in files like the real ones.
 * Invariants: tomorrow's change says nothing but its size; no prices at weekends.
 * Fails: as writing files does.
 */
import { draw, type Sample, type SampleDay } from '../sources/sample.ts';

export const sample: Sample = { years: 3, header: 'Date,Close', lines: walks };

function* walks(days: readonly SampleDay[]): Generator<[string, string]> {
  for (const stock of ['ASH', 'BIRCH', 'CEDAR', 'ELM', 'FIR', 'OAK', 'PINE', 'YEW']) {
    let price = 20 + 200 * draw(stock);
    for (const { date, number } of days) {
      if (date.dayOfWeek > 5) continue;
      // About normal, with a share that the whole market has in common.
      const shock = (name: string) =>
        [1, 2, 3, 4].reduce((sum, i) => sum + draw(name, number, i) - 0.5, 0);
      price *= Math.exp(0.008 * shock('market') + 0.012 * shock(stock));
      yield [`${stock}.csv`, `${date},${price.toFixed(2)}`];
    }
  }
}
