import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Leaderboard } from '../../../../forecasting/evaluation/leaderboard.ts';
import { type LineChart, lineChart } from '../../../../reports/charts/line-chart.ts';
import { inlineSvg } from '../../../../reports/charts/svg.ts';
import { weekChart } from '../../../../reports/charts/week-chart.ts';
import { leaderboardPage } from '../../../../reports/pages/leaderboard-page.ts';
import { BROKEN, countOf, stretchesOf, textsOf } from '../../../fixtures/drawn.ts';
import { toyLeaderboard } from '../../../fixtures/toy-leaderboard.ts';

const EVIL = '<img src=x onerror=alert(1)>"&\'';
let leaderboard: Leaderboard;
beforeAll(async () => {
  ({ leaderboard } = await toyLeaderboard(['a', EVIL, 'c']));
});

const page = (changes: Partial<Leaderboard> = {}, refits = [Date.UTC(2023, 2, 27)]) =>
  leaderboardPage({
    leaderboard: { ...leaderboard, ...changes },
    domain: {
      name: 'toy',
      title: `Toys ${EVIL}`,
      unit: `toys ${EVIL}`,
      seriesNoun: `toy ${EVIL}`,
      timeZone: 'America/New_York',
      frequencyMinutes: 60,
      horizon: 6,
      quantiles: [0.1, 0.5, 0.9],
      integerValued: true,
      seriesTitle: (id) => `The series ${id}`,
    },
    snapshotVersion: '3-0123456789ab',
    madeBy: 'seed 7, backend wasm',
    writtenAt: Date.UTC(2026, 0, 2, 3, 4),
    refits,
  });

describe('leaderboard page', () => {
  test('loads nothing from anywhere and has no script', () => {
    const html = page();
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<(script|link|iframe|img|object|embed|base)\b/i);
    expect(html).not.toMatch(/<[^>]*\s(src|href)=/);
    expect(html).not.toMatch(/@import|url\((?!#)/);
    expect(html).not.toMatch(/\bNaN\b|undefined|Infinity/);
  });

  test('escapes all text', () => {
    const html = page();
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&amp;&#39;');
  });

  test('every chart has a title and a description, and refits are marked', () => {
    const html = page(
      {},
      [1, 2, 3].map((n) => Date.UTC(2023, 2, 27 + n)),
    );
    const charts = html.match(/<svg /g);
    // By step and coverage for two groups, two weeks, over time, and the fans.
    expect(charts).toHaveLength(2 * 2 + 2 + 1 + leaderboard.worstForecasts.length);
    const named = /<svg [^>]*role="img"[^>]*><title>[^<]+<\/title><desc>[^<]+<\/desc>/g;
    expect(html.match(named)).toHaveLength(charts?.length ?? 0);
    expect(html.match(/>refit</g)).toHaveLength(2);
  });

  test('shows both groups and sorts by error, with the oracle apart', () => {
    const html = page();
    const { network } = leaderboard.groups[0]!.forecasters;
    expect(html).toContain(`<b>${network!.mae.toFixed(3)}</b>`);
    expect(html).toContain('Series with mean of at least 1 (2)');
    const [first] = html.split('</table>');
    const order = [...first!.matchAll(/<th scope="row">([^<]+)<\/th>/g)].map((match) => match[1]);
    const { all } = Object.fromEntries(
      leaderboard.groups.map((group) => [group.name, group.forecasters]),
    );
    const mae = {
      'last value': 'last_value',
      'seasonal naive': 'seasonal_naive',
      'mean of 4 weeks': 'mean_4_weeks',
      network: 'network',
    };
    const errors = order.slice(0, -1).map((name) => all![mae[name as keyof typeof mae]]!.mae);
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
    expect(order.at(-1)).toMatch(/^oracle/);
  });

  test('is reproducible, and omits the coverage chart without intervals or an oracle', () => {
    expect(page()).toBe(page());
    const groups = leaderboard.groups.map((group) => ({
      ...group,
      forecasters: Object.fromEntries(
        Object.entries(group.forecasters)
          .filter(([name]) => name !== 'oracle')
          .map(([name, metrics]) => [
            name,
            { ...metrics, coverage: Number.NaN, nominalCoverage: Number.NaN, coveragePerStep: [] },
          ]),
      ),
    }));
    const html = page({ groups });
    expect(html).not.toContain('Coverage by step');
    expect(html).not.toContain('regret');
  });
});

describe('leaderboard charts', () => {
  const chartOf = (changes: Partial<LineChart>): string =>
    inlineSvg(
      lineChart({
        ...{ title: 'T', description: 'D', x: [1, 2, 3], format: String, lines: [] },
        xTicks: [
          { at: 1, label: 'one' },
          { at: 2, label: 'two' },
        ],
        placeOf: (i) => `step ${i + 1}`,
        ...changes,
      }),
    ).text;
  const line = (name: string, values: number[], mayLeave = false) => ({
    ...{ name, values, mayLeave, colour: 'naive' as const },
  });

  test('break a line at a gap, and name every dot and line', () => {
    const svg = chartOf({ lines: [line('a<b', [1, 2, Number.NaN, 3, 4])], x: [1, 2, 3, 4, 5] });
    expect(svg).toContain('a&lt;b, step 4: 3');
    expect(svg.match(/<circle/g)).toHaveLength(4);
    expect(stretchesOf(svg, 'a&lt;b')).toBe(2);
    expect(textsOf(svg)).toContain('a&lt;b');
    expect(svg).not.toMatch(BROKEN);
  });

  test('are drawn without finite values', () => {
    expect(chartOf({ lines: [line('a', [Number.NaN])] })).not.toMatch(BROKEN);
    const values = Array(168).fill(Number.NaN);
    const week = weekChart({ title: 'T', description: 'D', values, format: String });
    expect(inlineSvg(week).text).not.toMatch(BROKEN);
  });

  test('scale the axis to required lines only', () => {
    const of = (mayLeave: boolean) =>
      textsOf(chartOf({ lines: [line('a', [1, 2, 2]), line('b', [1, 500, 2], mayLeave)] }));
    expect(of(false)).toContain('600');
    expect(of(true)).not.toContain('600');
    expect(of(true)).toContain('b');
    expect(textsOf(chartOf({ holds: [0, 40] }))).toContain('40');
  });

  test('omit labels that would overlap', () => {
    const x = Array.from({ length: 40 }, (_, i) => i);
    const svg = chartOf({ x, xTicks: x.map((at) => ({ at, label: 'Wednesday morning' })) });
    const shown = textsOf(svg).filter((text) => text === 'Wednesday morning').length;
    expect(shown).toBeGreaterThan(2);
    expect(shown).toBeLessThan(9);
  });

  test('mark a loss in the week chart in addition to its colour', () => {
    const values = Array.from({ length: 168 }, (_, i) => (i === 25 ? -0.5 : 0.25));
    const week = { title: 'T', description: 'D', values, format: String, isSigned: true };
    const svg = inlineSvg(weekChart(week)).text;
    expect(countOf(svg, 'losses', 'text')).toBe(1);
    expect(countOf(svg, 'hours', 'rect')).toBe(168);
    expect(svg).toContain('Tue 01:00: -0.5');
  });
});
