/**
 * Purpose: how often a month of daily trainings promotes a challenger that is no better than the
 * champion, and how soon one that is 5 % better is promoted, by simulation.
 *   npm run bench:gate -- [--months 1000] [--json FILE] [--thresholds]
 * Invariants: the gate's own verdicts and error budget; the same command gives the same figures.
 * `--thresholds` instead simulates the thresholds of forecasting/evaluation/comparison.ts.
 * Fails: never, but for a file that cannot be written.
 */
import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import { seededRandom } from '../platform/random.ts';
import { EQUAL, firstPromotion, type Month } from './support/gate-month.ts';

const SCENARIOS: readonly (readonly [name: string, month: Partial<Month>])[] = [
  ['another seed every day', {}],
  ['the same model every day', { challengers: 'same' }],
  ['another seed, losses correlate by 0.95 from hour to hour', { correlation: 0.95 }],
  ['another seed, horizon 168', { horizon: 168 }],
  ['the same model, horizon 168', { horizon: 168, challengers: 'same' }],
];
const LEAD = 0.05;

function daysOf(month: Month, months: number): (number | null)[] {
  const random = seededRandom(12);
  return Array.from({ length: months }, () => firstPromotion(month, random));
}

const share = (days: readonly (number | null)[], within: number, from = 0): number =>
  days.filter((day) => day !== null && day < from + within).length / days.length;
const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

async function bench({ months, json }: { months: string; json?: string }): Promise<void> {
  const count = Number(months);
  const table = new Table({
    head: [
      'challengers',
      'false promotion in a month, every test at 5 %',
      'with the error budget',
      '5 % better: promoted on day 1',
      'within 3 days',
      'within 7 days',
      'better from day 20 on: within 7 days',
    ],
    wordWrap: true,
    colWidths: [30, 16, 12, 14, 10, 10, 14],
    style: { head: [], border: [] },
  });
  const figures = SCENARIOS.map(([name, changes]) => {
    const month = { ...EQUAL, ...changes };
    const better = daysOf({ ...month, lead: LEAD, days: 7 }, count);
    const late = daysOf({ ...month, lead: LEAD, betterFrom: 19, days: 26 }, count).filter(
      (day) => day === null || day >= 19,
    );
    return {
      scenario: name,
      falsePromotionsWithoutBudget: share(daysOf({ ...month, hasBudget: false }, count), 30),
      falsePromotions: share(daysOf(month, count), 30),
      betterWithin1Day: share(better, 1),
      betterWithin3Days: share(better, 3),
      betterWithin7Days: share(better, 7),
      betterLateWithin7Days: share(late, 7, 19),
    };
  });
  for (const { scenario, ...shares } of figures)
    table.push([scenario, ...Object.values(shares).map(percent)]);
  console.log(`${count} simulated months of daily trainings\n${table.toString()}`);
  if (json) await writeFile(json, `${JSON.stringify({ months: count, figures }, null, 1)}\n`);
}

/** Points of the statistic under fixed-b asymptotics with Bartlett weights (Kiefer & Vogelsang). */
function thresholds(draws = 400_000): void {
  const points = 400;
  const shares = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1];
  const levels = [0.05, 0.01, 0.002, 0.0005, 0.0001];
  const random = seededRandom(7);
  const statistics = shares.map(() => new Float64Array(draws));
  const bridge = new Float64Array(points);
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    for (let i = 0; i < points; i++) {
      sum += Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      bridge[i] = sum;
    }
    for (let i = 0; i < points; i++)
      bridge[i] = ((bridge[i] as number) - ((i + 1) / points) * sum) / Math.sqrt(points);
    for (const [s, b] of shares.entries()) {
      const lag = Math.round(b * points);
      let variance = 0;
      for (let i = 0; i < points; i++) {
        const value = bridge[i] as number;
        variance += value * (value - (i + lag < points ? (bridge[i + lag] as number) : 0));
      }
      const scaled = Math.sqrt(((2 / b) * variance) / points);
      (statistics[s] as Float64Array)[draw] = Math.abs(sum / Math.sqrt(points) / scaled);
    }
  }
  const table = new Table({ head: ['b', ...levels.map(String)], style: { head: [], border: [] } });
  for (const [s, b] of shares.entries()) {
    const sorted = (statistics[s] as Float64Array).sort();
    const at = (level: number) => sorted[Math.floor((1 - 2 * level) * draws)] as number;
    table.push([String(b), ...levels.map((level) => at(level).toFixed(2))]);
  }
  console.log(`Thresholds from ${draws} draws, one-sided\n${table.toString()}`);
}

const command = new Command('bench:gate')
  .description('Simulate a month of daily verdicts: false promotions, and how soon a better model.')
  .option('--months <count>', 'months for each scenario', '1000')
  .option('--json <file>', 'write the figures')
  .option('--thresholds', "simulate the comparison's thresholds instead");
await command.parseAsync();
const flags = command.opts<{ months: string; json?: string; thresholds?: boolean }>();
if (flags.thresholds) thresholds();
else await bench(flags);
