/**
 * Purpose: every response says what is to be said of a series: over HTTP, of a caller's own values,
 * and in a batch.
 */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { panelUpTo } from '../../../../forecasting/panel/panel.ts';
import { issueForecasts } from '../../../../services/inference/batch/issue-forecasts.ts';
import type { App } from '../../../../services/inference/plugins/app.ts';
import { heldSnapshot } from '../../../../storage/features/online/online-snapshot.ts';
import {
  createFixture,
  domain,
  LENGTH,
  manifestOf,
  NOW,
  panelOf,
  weeklyNaive,
} from '../../../fakes/inference.ts';

/**
 * A forecaster that forecasts whatever the history, as the network does, and knows all series but
 * one.
 */
const sturdy = () => {
  const naive = weeklyNaive(1);
  return {
    ...naive,
    knows: (id: string) => id !== 'stranger',
    predict: (...asked: Parameters<typeof naive.predict>) =>
      naive.predict(...asked).map((value) => (Number.isNaN(value) ? 0 : value)),
  };
};

const IDS = ['plain', 'stranger', 'rest', 'holes', 'young', 'dead'];
const FLAGS = {
  stranger: ['unseen'],
  rest: ['silent'],
  holes: ['gaps'],
  young: ['new'],
  dead: ['gaps'],
};

function troubledPanel() {
  const panel = panelOf(IDS, 10);
  const { target } = panel.columns;
  for (let t = 0; t < LENGTH; t++) {
    target[2 * LENGTH + t] = 0;
    if (t % 5 === 0) target[3 * LENGTH + t] = Number.NaN;
    if (t < LENGTH - 168) target[4 * LENGTH + t] = Number.NaN;
  }
  return panel;
}

const { options, build } = createFixture({ ids: IDS, makeForecaster: sturdy });
const features = {
  ...options.features,
  openOnline: async () => heldSnapshot(troubledPanel(), manifestOf(1)),
};

describe('forecast flags over HTTP', () => {
  let app: App;
  beforeAll(async () => {
    app = await build({ features });
  });
  afterAll(() => app.close());

  test.each(IDS)('flags series %s', async (id) => {
    const response = (await app.inject(`/v1/series/${id}/forecast`)).json();
    expect(response.flags).toEqual(FLAGS[id as keyof typeof FLAGS]);
    // Absent, not empty, where nothing is to be said.
    expect('flags' in response).toBe(id !== 'plain');
  });

  test('flags each of many series', async () => {
    const payload = { seriesIds: IDS };
    const { forecasts } = (
      await app.inject({ method: 'POST', url: '/v1/forecasts', payload })
    ).json();
    expect(forecasts.map(({ flags }: { flags?: string[] }) => flags)).toEqual(
      IDS.map((id) => FLAGS[id as keyof typeof FLAGS]),
    );
  });

  test('flags short ad-hoc histories as new, and known series only by name', async () => {
    const ask = async (count: number, seriesId?: string) => {
      const history = {
        start: '2026-03-01T00:00:00Z',
        values: Array(count).fill(7),
        ...(seriesId ? { seriesId } : {}),
      };
      const response = await app.inject({
        method: 'POST',
        url: '/v1/forecasts',
        payload: { history },
      });
      return response.json().forecasts[0].flags;
    };
    expect(await ask(5 * 168, 'plain')).toBeUndefined();
    expect(await ask(200, 'plain')).toEqual(['new']);
    expect(await ask(5 * 168, 'stranger')).toEqual(['unseen']);
  });

  test('the response schema explains each flag', async () => {
    const text = (await app.inject('/openapi.json')).body;
    for (const flag of ['unseen', 'silent', 'gaps', 'new']) expect(text).toContain(`\`${flag}\`: `);
  });
});

test('a batch flags only series with a finding, and the ledger keeps its format', async () => {
  const { registry, restoreForecaster } = options;
  const issue = (of: typeof features) =>
    issueForecasts({ domain, features: of, registry, restoreForecaster, issuedAt: NOW });
  const issued = await issue(features);
  expect(Object.fromEntries(issued.flags)).toEqual(FLAGS);
  expect(issued.entry).not.toHaveProperty('flags');
  // Four weeks earlier the young one has no value at all.
  const earlier = {
    ...features,
    openOnline: async () => heldSnapshot(panelUpTo(troubledPanel(), LENGTH - 673), manifestOf(1)),
  };
  expect((await issue(earlier)).flags.get('young')).toEqual(['gaps']);
});
