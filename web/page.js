/**
 * Purpose: the page: pick a series, see its last week and its forecast, read every number, know
 * what made them.
 * Invariants: everything comes from this service's own API; text from it is set as text, never as
 * markup; while new data cannot be had the last good chart stays, and the page says so.
 * Fails: a response that is a problem is shown with its detail and its fix.
 */
import { askForKey, keyHeader } from './api-key.js';
import { drawChart } from './chart.js';
import { metricRows } from './metric-rows.js';
import { numberLabel, timeLabels } from './scales.js';
import { createPicker } from './series-picker.js';

const REFRESH_MS = 60_000;
const $ = (id) => document.getElementById(id);
const chartBox = $('chart');

let about = null; // GET /v1/model
let data = null; // the columns on show
let chart = null;
let marked = null;
let seriesId = null;

async function get(path) {
  const response = await fetch(path, { headers: { accept: 'application/json', ...keyHeader() } });
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const wantsKey = response.status === 401 || body.code === 'SCOPE_MISSING';
  if (wantsKey && (await askForKey(body.detail))) return get(path);
  const error = new Error(
    [body.detail ?? `the service responded ${response.status}`, body.fix]
      .filter(Boolean)
      .join('. '),
  );
  error.code = body.code;
  throw error;
}

async function allSeries() {
  const series = [];
  let cursor = '';
  do {
    const page = await get(`v1/series?limit=1000${cursor && `&cursor=${cursor}`}`);
    series.push(...page.series);
    cursor = page.nextCursor;
  } while (cursor);
  return series.sort((a, b) => (b.mean ?? -1) - (a.mean ?? -1));
}

const seasonOf = () => about.domain.seasonLengths.at(-1) ?? 1;
const pathOf = (id, history) =>
  `v1/series/${encodeURIComponent(id).replaceAll("'", '%27')}/forecast?history=${history}`;

async function showSeries(id) {
  const season = seasonOf();
  const path = pathOf(id, Math.min(2000, Math.max(season, 3 * (about.model?.horizon ?? 0))));
  const forecast = await get(path);
  if (seriesId !== id) return; // the reader has moved on
  data = columnsOf(forecast, season);
  marked = null;
  $('series-title').textContent = forecast.title;
  $('series-note').textContent =
    `${about.domain.seriesNoun} ${id} · ${forecast.unit} · times in ${about.domain.timeZone}`;
  document.title = `${forecast.title} · Headway`;
  const asked = 'authorization' in keyHeader() ? ' -H "Authorization: Bearer $HEADWAY_KEY"' : '';
  $('curl').textContent = `curl '${new URL(path, document.baseURI)}'${asked}`;
  draw();
  fillTable(forecast);
}

/** One row per interval, past and future: what the chart, the readout and the table all read. */
function columnsOf(forecast, season) {
  const past = forecast.history.values.map((value) => value ?? Number.NaN);
  const none = (count) => new Array(count).fill(Number.NaN);
  const levels = Object.keys(forecast.quantiles).sort((a, b) => a - b);
  const ahead = (level) => [...none(past.length), ...forecast.quantiles[level]];
  const naive = forecast.timestamps.map(
    (_, step) => past[past.length - season + (step % season)] ?? Number.NaN,
  );
  const share = Math.round((levels.at(-1) - levels[0]) * 100);
  $('band-name').textContent = share > 0 ? `${share} % of outcomes` : 'no interval';
  return {
    timestamps: [...forecast.history.timestamps, ...forecast.timestamps].map((text) =>
      Date.parse(text),
    ),
    actual: [...past, ...none(forecast.horizon)],
    lower: ahead(levels[0]),
    median: ahead('0.5' in forecast.quantiles ? '0.5' : levels[levels.length >> 1]),
    upper: ahead(levels.at(-1)),
    naive: [...none(past.length), ...naive],
    cutoffIndex: past.length - 1,
    timeZone: about.domain.timeZone,
    share,
  };
}

function draw() {
  if (!data) return;
  chart = drawChart(chartBox, data);
  chartBox.setAttribute('aria-valuemax', data.timestamps.length - 1);
  mark(marked ?? Math.min(data.cutoffIndex + 1, data.timestamps.length - 1), marked !== null);
}

function mark(index, visible = true) {
  chart.mark(visible ? index : null);
  const parts = [['', timeLabels(data.timeZone).full(data.timestamps[index])]];
  if (index <= data.cutoffIndex) parts.push(['actual', numberLabel(data.actual[index])]);
  else {
    parts.push(['median', numberLabel(data.median[index])]);
    parts.push([
      `${data.share} %`,
      `${numberLabel(data.lower[index])} – ${numberLabel(data.upper[index])}`,
    ]);
    parts.push([$('naive-name').textContent, numberLabel(data.naive[index])]);
  }
  $('readout').replaceChildren(
    ...parts.map(([name, value]) => {
      const part = document.createElement('span');
      const strong = document.createElement('b');
      strong.textContent = value;
      part.append(name && `${name} `, strong);
      return part;
    }),
  );
  chartBox.setAttribute('aria-valuenow', index);
  chartBox.setAttribute(
    'aria-valuetext',
    parts.map(([name, value]) => `${name} ${value}`.trim()).join(', '),
  );
}

function row(cells, className = '') {
  const tr = document.createElement('tr');
  tr.className = className;
  for (const [i, text] of cells.entries()) {
    const cell = document.createElement(i === 0 ? 'th' : 'td');
    if (i === 0) cell.scope = 'row';
    cell.textContent = text;
    tr.append(cell);
  }
  return tr;
}

function fillTable(forecast) {
  const { full } = timeLabels(data.timeZone);
  $('numbers-caption').textContent =
    `${forecast.title}, ${forecast.unit}; forecast rows first, then the past, newest first`;
  const rows = data.timestamps.map((timestamp, i) => {
    const columns = [data.actual, data.lower, data.median, data.upper, data.naive];
    return row(
      [full(timestamp), ...columns.map((column) => numberLabel(column[i]))],
      i > data.cutoffIndex ? 'future-row' : '',
    );
  });
  const past = rows.splice(0, data.cutoffIndex + 1).reverse();
  $('numbers').tBodies[0].replaceChildren(...rows, ...past);
}

function fillFacts(ready) {
  const { model, snapshot, promotion, domain } = about;
  const when = (text) => timeLabels(domain.timeZone).full(Date.parse(text));
  const made = model
    ? [
        ['Model', `${model.forecaster}, ${model.modelVersion}`],
        ['Trained', `${when(model.createdAt)}, on data to ${when(model.trainingCutoff)}`],
        ['Promoted', `${when(promotion.promotedAt)}: ${promotion.reason}`],
      ]
    : [['Model', ready.modelVersion]];
  const interval = domain.frequency === 'PT1H' ? 'hour' : 'interval';
  const facts = [
    ...made,
    ['Snapshot', snapshot.snapshotVersion],
    ['Cutoff', `${when(snapshot.cutoff)} (last observed ${interval})`],
    ['Series', `${numberLabel(snapshot.series)}${model ? `, ${model.horizon} steps ahead` : ''}`],
  ];
  $('facts').replaceChildren(
    ...facts.flatMap(([name, value]) => {
      const dt = document.createElement('dt');
      const dd = document.createElement('dd');
      dt.textContent = name;
      dd.textContent = value;
      return [dt, dd];
    }),
  );
  const age = $('age');
  age.textContent = `data ends ${ageLabel(ready.dataAgeSeconds)} ago`;
  age.className = `pill ${ready.dataAgeSeconds <= 3 * 3600 ? 'fresh' : 'old'}`;
  const { fallback, refreshFailure } = ready;
  const cause =
    refreshFailure && refreshFailure.code !== fallback?.reason ? ` (${refreshFailure.code})` : '';
  trouble(
    fallback &&
      `What you see is a fallback since ${when(fallback.since)}: ${fallback.reason}${cause}.`,
  );
}

function ageLabel(seconds) {
  if (seconds < 5400) return `${Math.max(1, Math.round(seconds / 60))} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${numberLabel(Math.round(seconds / 86_400))} days`;
}

function fillMetrics() {
  const { columns, rows, note } = metricRows(about.model?.metrics);
  $('metrics-card').hidden = rows.length === 0;
  const head = document.createElement('thead');
  head.append(row(['', ...columns]));
  const body = document.createElement('tbody');
  body.append(...rows.map(({ name, values }) => row([name, ...values.map(numberLabel)])));
  $('metrics').replaceChildren(head, body);
  $('metrics-note').textContent = note;
}

function trouble(text) {
  $('trouble').hidden = !text;
  $('trouble').textContent = text || '';
}

async function refresh() {
  try {
    const [model, ready] = await Promise.all([get('v1/model'), get('health/ready')]);
    const first = about === null;
    const changed =
      first ||
      model.snapshot.snapshotVersion !== about.snapshot.snapshotVersion ||
      model.model?.modelVersion !== about.model?.modelVersion;
    about = model;
    fillFacts(ready);
    if (!changed) return;
    $('domain-title').textContent = model.domain.title;
    $('picker-label').textContent =
      `${model.domain.seriesNoun[0].toUpperCase()}${model.domain.seriesNoun.slice(1)}`;
    const isWeek = model.domain.frequency === 'PT1H' && seasonOf() === 168;
    $('naive-name').textContent = isWeek ? 'same hour last week' : 'same time last season';
    $('naive-column').textContent = isWeek ? 'Last week' : 'Last season';
    fillMetrics();
    const series = await allSeries();
    picker.fill(series);
    const wanted = seriesId ?? decodeURIComponent(location.hash.slice(1));
    const known =
      series.find((one) => one.seriesId === wanted) ??
      series.find((one) => one.forecast) ??
      series[0];
    if (known) await choose(known);
  } catch (error) {
    trouble(`${error.message}${data ? '. What you see is the last good forecast' : ''}`);
  }
}

async function choose(series) {
  seriesId = series.seriesId;
  picker.show(series);
  history.replaceState(null, '', `#${encodeURIComponent(series.seriesId)}`);
  try {
    await showSeries(series.seriesId);
    if ($('trouble').dataset.series) trouble('');
    delete $('trouble').dataset.series;
  } catch (error) {
    // Another series' chart under this name would be wrong: better none.
    data = null;
    chartBox.replaceChildren();
    $('numbers').tBodies[0].replaceChildren();
    $('readout').textContent = '';
    $('series-title').textContent = series.title;
    trouble(error.message);
    $('trouble').dataset.series = series.seriesId;
  }
}

const picker = createPicker($('picker'), $('picker-list'), choose);

chartBox.addEventListener('pointermove', (event) => {
  if (!data) return;
  marked = chart.indexAt(event.clientX);
  mark(marked);
});
chartBox.addEventListener('pointerleave', () => {
  marked = null;
  if (data) draw();
});
chartBox.addEventListener('keydown', (event) => {
  const steps = {
    ArrowLeft: -1,
    ArrowRight: 1,
    PageUp: -24,
    PageDown: 24,
    Home: -Infinity,
    End: Infinity,
  };
  if (!data || !(event.key in steps)) return;
  event.preventDefault();
  const from = marked ?? data.cutoffIndex + 1;
  marked = Math.min(data.timestamps.length - 1, Math.max(0, from + steps[event.key]));
  mark(marked);
});
new ResizeObserver(() => draw()).observe(chartBox);

if (navigator.clipboard) {
  $('copy').hidden = false;
  $('copy').addEventListener('click', async () => {
    await navigator.clipboard.writeText($('curl').textContent);
    $('copy').textContent = 'Copied';
  });
}

await refresh();
setInterval(refresh, REFRESH_MS);
