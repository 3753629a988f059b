/** Purpose: options that cannot be meant are refused by their name, before anything is computed. */
import { expect, test } from '@jest/globals';
import { domainOf } from '../../../library/domain.ts';
import { type Model, predict } from '../../../library/forecasting.ts';
import type { ForecastOptions } from '../../../library/options.ts';
import { panelFromCsv } from '../../../library/rows.ts';

const panelOf = (frequencyMinutes: number) =>
  panelFromCsv('unique_id,ds,y\na,2025-01-01,1\n', { frequencyMinutes });
const domainWith = (options: Partial<ForecastOptions>, frequencyMinutes = 60) =>
  domainOf(panelOf(frequencyMinutes), { horizon: 24, ...options });

test('takes defaults for options that are absent', () => {
  expect(domainWith({})).toMatchObject({
    ...{ horizon: 24, timeZone: 'UTC', quantiles: [0.1, 0.5, 0.9], seasonLengths: [24, 168] },
  });
});

test.each<Partial<ForecastOptions>>([
  { horizon: 0 },
  { steps: 0.5 },
  { testDays: -1 },
  { seed: -1 },
  { seed: 2 ** 32 },
  { timeZone: 'Mars/Olympus' },
  { quantiles: [0.1, 0.9] },
  { quantiles: [0.9, 0.5, 0.1] },
  { quantiles: [0.5, 0.5] },
  { quantiles: [0.5, 1.5] },
  { quantiles: [0, 0.5] },
  { seasonLengths: [] },
  { seasonLengths: [24.5] },
  { seasonLengths: [168, 24] },
  { holidays: { country: 'XX' } },
])('refused: %j', (options) => {
  const [where] = Object.keys(options);
  expect(() => domainWith(options)).toThrow(
    expect.objectContaining({ code: 'SETTINGS_INVALID', where }),
  );
});

test('requires seasons for intervals that do not divide a day', () => {
  expect(() => domainWith({}, 7)).toThrow(expect.objectContaining({ where: 'seasonLengths' }));
  expect(domainWith({ seasonLengths: [206] }, 7).seasonLengths).toEqual([206]);
});

test('refuses a panel of another frequency than the model', () => {
  const model = { horizon: 24, frequencyMinutes: 60, quantiles: [0.5] } as unknown as Model;
  expect(() => predict(model, panelOf(1440))).toThrow(
    expect.objectContaining({ code: 'PANEL_INVALID', where: 'frequencyMinutes' }),
  );
});
