/**
 * Purpose: a notebook from raw rows to the question whether to trust a forecast, for a CSV of
 * visits per hour. Copy it and change the cells.
 *   npm run notebook -- [--steps 1000] [--out notebook.html]
 * Invariants: the same page every time; every figure on it is computed in a cell.
 * Fails: as the library does, and as the file system does.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as danfo from 'danfojs-node';
import { Temporal } from 'temporal-polyfill';
import { backtest, fit, panelFromRows, predict } from '../../library/forecasting.ts';
import { lineChart } from '../../reports/charts/line-chart.ts';
import { inlineSvg } from '../../reports/charts/svg.ts';
import { weekChart } from '../../reports/charts/week-chart.ts';
import { html } from '../../reports/text/html.ts';
import { openNotebook, table } from './notebook.ts';

const { values: flags } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000' },
    out: { type: 'string', default: 'notebook.html' },
  },
});
const notebook = await openNotebook(new URL(import.meta.url));
const { cell } = notebook;
const figure = (chart: Parameters<typeof inlineSvg>[0]) =>
  html`<figure>${inlineSvg(chart)}</figure>`;

let raw = new danfo.DataFrame();
await cell('Raw rows', 'As the shop system exports them: local times, semicolons.', () => {
  const script = fileURLToPath(new URL('../sample-visits.mjs', import.meta.url));
  const csv = execFileSync(process.execPath, [script], { encoding: 'utf8', maxBuffer: 1e8 });
  const [header = '', ...lines] = csv.trim().split('\r\n');
  raw = new danfo.DataFrame(
    lines.map((line) => line.split(';')),
    { columns: header.split(';') },
  );
  return html`<p>${raw.shape[0]} rows, ${raw.shape[1]} columns.</p>${table(raw, 5)}`;
});

interface Visit {
  readonly shop: string;
  readonly time: Temporal.ZonedDateTime;
  readonly visits: number;
}
let visits: Visit[] = [];
await cell(
  'Rows that are no data',
  'Each is counted and shown, none is dropped in silence.',
  () => {
    const strange: string[][] = [];
    visits = (raw.values as string[][]).flatMap((row) => {
      const [shop = '', date = '', hour = '', count = ''] = row.map(String);
      const [, day, month, year] = /^(\d\d)\.(\d\d)\.(\d{4})$/.exec(date) ?? [];
      if (day === undefined || !/^\d+$/.test(count)) {
        strange.push(row.map(String));
        return [];
      }
      const local = `${year}-${month}-${day}T${hour.padStart(5, '0')}`;
      const time = Temporal.PlainDateTime.from(local).toZonedDateTime('Europe/Berlin');
      return [{ shop, time, visits: Number(count) }];
    });
    const rejected = new danfo.DataFrame(strange, { columns: raw.columns });
    return html`<p>${visits.length} rows used, ${strange.length} rejected.</p>${table(rejected)}`;
  },
);

let busiest: string[] = [];
await cell('The busiest shops', 'Few, so that the notebook is quick.', () => {
  const frame = new danfo.DataFrame(visits.map(({ shop, visits: count }) => ({ shop, count })));
  const sums = frame.groupby(['shop']).col(['count']).sum();
  const ranked = sums.sortValues('count_sum', { ascending: false }) as danfo.DataFrame;
  busiest = (ranked.values as [string, number][]).slice(0, 6).map(([shop]) => shop);
  return table(ranked, 6);
});

await cell('The shape of a week', 'Mean visits by hour of the local week, in these shops.', () => {
  const chosen = visits.filter(({ shop }) => busiest.includes(shop));
  const slot = ({ time }: Visit) => 24 * (time.dayOfWeek - 1) + time.hour;
  const frame = new danfo.DataFrame(chosen.map((v) => ({ slot: slot(v), count: v.visits })));
  const means = frame.groupby(['slot']).col(['count']).mean();
  const values = new Array<number | null>(168).fill(null);
  for (const [at, mean] of means.values as [number, number][]) values[at] = mean;
  return figure(
    weekChart({
      ...{ title: 'Mean visits by hour of the week', description: 'Busy by day, on Saturdays' },
      ...{ values, format: (value) => value.toFixed(1) },
    }),
  );
});

let panel = panelFromRows([{ seriesId: 'none', timestamp: '2025-01-01', value: 0 }], {
  frequencyMinutes: 60,
});
await cell('One grid', 'UTC hours. An hour without a row had no visits: a true zero.', () => {
  const rows = visits
    .filter(({ shop }) => busiest.includes(shop))
    .map(({ shop, time, visits: value }) => ({
      ...{ seriesId: shop, value },
      timestamp: new Date(time.epochMilliseconds),
    }));
  panel = panelFromRows(rows, { frequencyMinutes: 60, missing: 'zero' });
  return html`<p>${panel.seriesIds.length} series of ${panel.length} hours.</p>`;
});

const options = {
  ...{ horizon: 24, timeZone: 'Europe/Berlin', holidays: { country: 'DE' } },
  steps: Number(flags.steps),
};
let score: Awaited<ReturnType<typeof backtest>> | undefined;
await cell(
  'Backtest',
  'The last days are hidden from the fit, and forecast from many cutoffs.',
  async () => {
    score = await backtest(panel, options);
    const rows = Object.entries(score.metrics).map(([forecaster, m]) => ({
      ...{ forecaster, mae: m.mae, wape: m.wape, pinball: m.pinball, bias: m.bias },
    }));
    const ranked = new danfo.DataFrame(rows).sortValues('mae') as danfo.DataFrame;
    return html`<p>${score.cutoffs.length} cutoffs.</p>${table(ranked)}`;
  },
);

await cell('Do the intervals hold?', 'Share of actual values inside the 80 % interval.', () => {
  const { coveragePerStep = [] } = score?.metrics.network ?? {};
  const steps = coveragePerStep.map((_, i) => i + 1);
  return figure(
    lineChart({
      ...{ title: 'Coverage by step', description: 'It should be near 80 % at every step' },
      ...{ x: steps, xLabel: 'step', placeOf: (index) => `step ${index + 1}` },
      xTicks: [1, 6, 12, 18, 24].map((at) => ({ at, label: String(at) })),
      format: (value) => `${Math.round(100 * value)} %`,
      tickFormat: (value) => `${Math.round(100 * value)} %`,
      lines: [{ name: 'network', values: coveragePerStep, colour: 'forecast' }],
      rule: { at: 0.8, label: '80 %' },
    }),
  );
});

await cell('The forecast', 'Fitted on all hours; the first rows of the next day.', async () => {
  const rows = predict(await fit(panel, options), panel).map((row) => ({
    ...{ shop: row.seriesId, hour: row.timestamp, low: row.quantiles['0.1'] },
    ...{ median: row.quantiles['0.5'], high: row.quantiles['0.9'], mean: row.mean },
  }));
  return table(new danfo.DataFrame(rows), 24);
});

let finding = '';
await cell(
  'Should I trust it?',
  'Two questions: better than simple, and honest about its error?',
  () => {
    const { coverage = Number.NaN } = score?.metrics.network ?? {};
    const isBetter = score?.verdict.promoted === true;
    const isHonest = Math.abs(coverage - 0.8) <= 0.05;
    const problems = [
      ...(isBetter ? [] : ['it is not proven better']),
      ...(isHonest ? [] : ['its intervals are off']),
    ];
    finding =
      problems.length === 0
        ? 'Yes: it beats simple baselines, and its intervals hold'
        : `Not yet: ${problems.join(', and ')}`;
    return html`<p>${finding}. The gate says: ${score?.verdict.reason}. The 80 % interval covers
${(100 * coverage).toFixed(1)} % of the actual values.</p>`;
  },
);

await notebook.write(flags.out, finding, 'Visits per hour, from raw rows to a verdict.');
console.log(`Notebook: ${flags.out}`);
