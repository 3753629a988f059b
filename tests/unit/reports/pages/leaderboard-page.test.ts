/**
 * Purpose: the leaderboard page says what the leaderboard holds, loads nothing, and lets no text
 * become markup.
 * Invariants: the page is the same bytes for the same data.
 * Fails: with the part of the page that is wrong.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Leaderboard } from '../../../../forecasting/evaluation/leaderboard.ts';
import { lineSvg } from '../../../../reports/charts/line-chart.ts';
import { weekSvg } from '../../../../reports/charts/week-chart.ts';
import { leaderboardPage } from '../../../../reports/pages/leaderboard-page.ts';
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
    seed: 7,
    backend: 'wasm',
    writtenAt: Date.UTC(2026, 0, 2, 3, 4),
    refits,
  });

describe('the page', () => {
  test('loads nothing from anywhere and has no script', () => {
    const html = page();
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<(script|link|iframe|img|object|embed|base)\b/i);
    expect(html).not.toMatch(/<[^>]*\s(src|href)=/);
    expect(html).not.toMatch(/@import|url\((?!#)/);
    expect(html).not.toMatch(/\bNaN\b|undefined|Infinity/);
  });

  test('text is escaped wherever it stands', () => {
    const html = page();
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&amp;&#39;');
  });

  test('every id is its own, and every picture has a title and a description', () => {
    const html = page(
      {},
      [1, 2, 3].map((n) => Date.UTC(2023, 2, 27 + n)),
    );
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const pictures = [
      ...html.matchAll(/<svg [^>]*role="img" aria-labelledby="([^ "]+) ([^ "]+)"/g),
    ];
    // By step and coverage for two groups, two weeks, over time, and the fans.
    expect(pictures).toHaveLength(2 * 2 + 2 + 1 + leaderboard.worstForecasts.length);
    for (const [, title, description] of pictures) {
      expect(ids).toContain(title);
      expect(ids).toContain(description);
    }
    expect(html.match(/>refit</g)).toHaveLength(2);
  });

  test('both groups, the network’s figures, and the least error first with the oracle apart', () => {
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
      'same hour last week': 'seasonal_naive',
      'mean of 4 weeks': 'mean_4_weeks',
      network: 'network',
    };
    const errors = order.slice(0, -1).map((name) => all![mae[name as keyof typeof mae]]!.mae);
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
    expect(order.at(-1)).toMatch(/^oracle/);
  });

  test('the same data give the same page; without intervals or an oracle there is no picture of coverage', () => {
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

describe('the pictures', () => {
  const base = {
    id: 'p',
    title: 'T',
    description: 'D',
    x: [1, 2, 3],
    xTicks: [
      { at: 1, label: 'one' },
      { at: 2, label: 'two' },
    ],
    format: String,
  };

  test('a gap breaks a line, and each dot says its number', () => {
    const svg = lineSvg({
      ...base,
      lines: [{ name: 'a<b', tone: 'naive', values: [1, Number.NaN, 3] }],
      placeOf: (i) => `step ${i + 1}`,
    });
    expect(svg).toContain('a&lt;b, step 3: 3');
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(/class="line t-naive" d="M[^ML]+M[^ML]+"/.test(svg)).toBe(true);
    expect(svg).not.toContain('NaN');
  });

  test('nothing finite still gives a picture', () => {
    const svg = lineSvg({ ...base, lines: [{ name: 'a', tone: 'naive', values: [Number.NaN] }] });
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(
      weekSvg({
        id: 'w',
        title: 'T',
        description: 'D',
        values: Array(168).fill(Number.NaN),
        format: String,
      }),
    ).not.toMatch(/NaN/);
  });

  test('the axis holds what must be seen; a line that may leave does not stretch it', () => {
    const of = (mayLeave: boolean) =>
      lineSvg({
        ...base,
        lines: [
          { name: 'a', tone: 'naive', values: [1, 2, 2] },
          { name: 'b', tone: 'last', values: [1, 500, 2], mayLeave },
        ],
      });
    expect(of(false)).toContain('>500<');
    expect(of(true)).not.toContain('>500<');
    expect(of(true)).toContain('clip-path');
    expect(lineSvg({ ...base, lines: [], holds: [0, 40] })).toContain('>40<');
  });

  test('labels that would touch are left out, their ticks stay', () => {
    const x = Array.from({ length: 40 }, (_, i) => i);
    const xTicks = x.map((at) => ({ at, label: 'Wednesday morning' }));
    const svg = lineSvg({ ...base, x, xTicks, lines: [] });
    expect(svg.match(/class="tick"/g)).toHaveLength(40);
    expect(svg.match(/Wednesday/g)!.length).toBeLessThan(9);
  });

  test('a week: losses have a mark besides their colour', () => {
    const values = Array.from({ length: 168 }, (_, i) => (i === 25 ? -0.5 : 0.25));
    const svg = weekSvg({
      id: 'w',
      title: 'T',
      description: 'D',
      values,
      format: String,
      isSigned: true,
    });
    expect(svg.match(/class="minus"/g)).toHaveLength(1);
    expect(svg).toContain('Tue 01:00: -0.5');
    expect(svg.match(/class="gain"/g)).toHaveLength(167);
  });
});
