import { readFileSync } from 'node:fs';
import { backtest, fit, panelFromCsv, predict } from 'headway/forecasting';

// unique_id,ds,y: a series, the UTC start of an hour, a value
const panel = panelFromCsv(readFileSync('demand.csv', 'utf8'), { frequencyMinutes: 60 });
const options = { horizon: 24, timeZone: 'Europe/Berlin' };
console.log((await backtest(panel, options)).verdict.reason);
const model = await fit(panel, options);
for (const { seriesId, timestamp, quantiles } of predict(model, panel))
  console.log(seriesId, timestamp, quantiles['0.1'], quantiles['0.5'], quantiles['0.9']);
