/**
 * Purpose: training says which readings it takes as unknown.
 */
import { expect, test } from '@jest/globals';
import pino from 'pino';
import { logOutliers } from '../../../../services/training/outlier-log.ts';
import { panelOf, START } from '../../../fixtures/random-panels.ts';
import { toyDomain } from '../../../fixtures/toy-store.ts';

const AT = 900;
const said = (spike: number): Record<string, unknown>[] => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
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
