/**
 * Purpose: what a training reads: everything, or a sample where the series have too many values
 * together; and it says which readings it takes as unknown.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pino from 'pino';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { logOutliers, readTrainingPanel } from '../../../../services/training/training-panel.ts';
import { exogenousFeed } from '../../../../storage/features/manifest.ts';
import { panelOf, START } from '../../../fixtures/random-panels.ts';
import { makeObjects, schemaOf, temporaryFolder } from '../../../fixtures/storage/features.ts';
import { commitPanel, openToy, toyDomain } from '../../../fixtures/toy-store.ts';

const LENGTH = 48;
const SERIES = Array.from({ length: 40 }, (_, s) => `s${String(s).padStart(2, '0')}`);
const valueAt = (s: number, t: number) => s * 1000 + t;

/** A logger, and the lines that it wrote. */
function listening() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { lines, logger };
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let toy: ReturnType<typeof openToy>;
beforeAll(async () => {
  folder = await temporaryFolder();
  toy = openToy(`${folder.folder}/store`);
  await commitPanel(folder.folder, toy, panelOf(SERIES, LENGTH, valueAt));
});
afterAll(() => folder.remove());

const read = async (maxValues: number) => {
  const { lines, logger } = listening();
  const { panel } = await readTrainingPanel(toy.features, toyDomain, { maxValues, logger });
  return { panel, lines };
};
const rowOf = (panel: Panel, series: number) =>
  panel.columns.target.slice(series * panel.length, (series + 1) * panel.length);

test('reads every series where their values fit, and says nothing', async () => {
  const { panel, lines } = await read(SERIES.length * LENGTH);
  expect(panel.seriesIds).toEqual(SERIES);
  expect(lines).toEqual([]);
});

test('reads as many whole series as fit, in order, and says how many of how many', async () => {
  const { panel, lines } = await read(10 * LENGTH + 5);
  expect(panel.seriesIds).toHaveLength(10);
  expect(panel.seriesIds).toEqual([...panel.seriesIds].sort());
  for (const [row, id] of panel.seriesIds.entries())
    expect([...rowOf(panel, row)]).toEqual(
      Array.from({ length: LENGTH }, (_, t) => valueAt(SERIES.indexOf(id), t)),
    );
  expect(lines).toMatchObject([{ series: 10, of: 40 }]);
});

test('a smaller sample is a part of a larger one, and never empty', async () => {
  const samples = await Promise.all([20, 7, 0].map((count) => read(count * LENGTH)));
  const [many, few, none] = samples.map(({ panel }) => panel.seriesIds);
  expect(many).toEqual(expect.arrayContaining(few as string[]));
  expect(few).toEqual(expect.arrayContaining(none as string[]));
  expect(none).toHaveLength(1);
  // Not the first ones: ids that follow one another may be of one place.
  expect(many).not.toEqual(SERIES.slice(0, 20));
});

test('a sample has the columns that all series share, and those of its own series', async () => {
  const own = await temporaryFolder();
  const { features } = openToy(`${own.folder}/store`);
  const hours = [...Array(4).keys()];
  const rowsOf = (ids: readonly string[]) =>
    ids.flatMap((id) => hours.map((t) => [id, t, t] as const));
  const span = [0, hours.length] as const;
  const columns = ['heat', ...SERIES.map((id) => `price@${id}`)];
  const newObjects = await makeObjects(own.folder, [
    { part: 'one', fingerprint: 'one', span, rows: rowsOf(SERIES) },
    { part: 'two', fingerprint: 'two', span, rows: rowsOf(columns), feed: exogenousFeed('all') },
  ]);
  const schema = schemaOf('unknown');
  const staged = await features.stage(schema, newObjects);
  await features.commit({ reason: 'test', staged });
  const { panel, of } = await features.readSample({ maxValues: 3 * hours.length });
  expect(of).toBe(SERIES.length);
  expect(Object.keys(panel.exogenous ?? {}).sort()).toEqual([
    'heat',
    ...panel.seriesIds.map((id) => `price@${id}`),
  ]);
  await own.remove();
});

const AT = 900;
const said = (spike: number): Record<string, unknown>[] => {
  const { lines, logger } = listening();
  const load = (t: number) => 100 + 30 * Math.sin(t / 4);
  const panel = panelOf(['a', 'b'], 1000, (s, t) => (s === 1 && t === AT ? spike : load(t)));
  logOutliers(panel, toyDomain, logger);
  return lines;
};

test('logs series, time and value of each outlier, and nothing without one', () => {
  const timestamp = new Date(START + AT * 3_600_000).toISOString();
  expect(said(990_000)).toMatchObject([
    { count: 1, readings: [{ seriesId: 'b', timestamp, value: 990_000 }] },
  ]);
  expect(said(100)).toEqual([]);
});
