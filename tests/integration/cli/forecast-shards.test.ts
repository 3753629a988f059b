/**
 * Purpose: `headway forecast --shard`: what workers of one batch leave in the ledger, also when
 * one of them runs twice.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { forecastCommand } from '../../../cli/actions/forecast.ts';
import { openContext } from '../../../cli/context.ts';
import { restoreNetwork } from '../../../forecasting/models/network/forecaster.ts';
import { recomputer } from '../../../services/inference/batch/recompute.ts';
import { train } from '../../../services/training/train.ts';
import { type CanonicalIssue, openLedger } from '../../../storage/ledger/ledger.ts';
import { startBackend } from '../../fixtures/toy-network.ts';
import {
  commitPanel,
  learnable,
  openToy,
  TOYS,
  toyConfig,
  toyDomain,
} from '../../fixtures/toy-store.ts';

let folder: string;
beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'headway-shards-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('two workers and a retry write what the whole batch writes, with shadows', async () => {
  const toy = openToy(join(folder, 'store'));
  await commitPanel(folder, toy, learnable());
  const config = { ...toyConfig, fit: { ...toyConfig.fit, steps: 8 } };
  const versions: string[] = [];
  for (const seed of [1, 2]) {
    const { card } = await train({ ...toy.request, config, seed });
    versions.push(card.modelVersion);
    await toy.registry.promote({ modelVersion: card.modelVersion, reason: 'test', evidence: null });
  }
  const ledger = openLedger({ store: toy.store, domain: toyDomain.name, clock: toy.clock });
  const printed: string[] = [];
  const context = {
    ...openContext({ domain: 'taxi', backend: 'wasm', logLevel: 'silent', work: folder }, {}),
    ...{ domain: toyDomain, clock: toy.clock },
    features: async () => toy.features,
    registry: async () => toy.registry,
    ledger: async () => ledger,
    print: (text: string) => void printed.push(text),
  };
  const challenger = ['20260101T000000Z-aaaaaaaaaaaa'];
  const issuedAt = '2026-01-05T06:00:00Z';
  for (const shard of ['2/2', '1/2', '2/2', '1/9'])
    await forecastCommand(context, { shard, issuedAt, challenger });
  // What serves and its shadows, of two shards; the retry left nothing.
  expect(await ledger.parts()).toHaveLength(4);
  await forecastCommand(context, { issuedAt: '2026-01-05T07:00:00Z' });
  const issues = await ledger.read();
  const of = (issuedAt: string) =>
    issues
      .filter((issue) => issue.issuedAt === Date.parse(issuedAt))
      .map(({ issuedAt: _at, ...rest }) => rest);
  expect(of(issuedAt)).toEqual(of('2026-01-05T07:00:00Z'));
  expect(
    of(issuedAt).map(({ role, forecaster, modelVersion }) => [role, forecaster, modelVersion]),
  ).toEqual([
    ['shadow', 'last_value', null],
    ['shadow', 'mean_4_weeks', null],
    ...(versions[0] < versions[1]
      ? [
          ['shadow', 'network', versions[0]],
          ['serving', 'network', versions[1]],
        ]
      : [
          ['serving', 'network', versions[1]],
          ['shadow', 'network', versions[0]],
        ]),
    ['shadow', 'seasonal_naive', null],
  ]);
  for (const { seriesIds } of of(issuedAt)) expect([...seriesIds].sort()).toEqual([...TOYS].sort());
  // Each of them can be computed again; one that was changed, or whose model is gone, is noticed.
  const recompute = recomputer({
    ...{ domain: toyDomain, features: toy.features, registry: toy.registry },
    restoreForecaster: restoreNetwork,
  });
  for (const issue of issues)
    expect(await recompute(issue)).toEqual({ outcome: 'same', reason: null });
  for (const issue of issues.slice(0, 3)) {
    const values = issue.values.map((value, i) => (i === 3 ? value + 1e-3 : value));
    expect(await recompute({ ...issue, values })).toMatchObject({
      ...{ outcome: 'differs', reason: expect.stringContaining('1 of ') },
    });
  }
  const lost = { ...(issues[0] as CanonicalIssue), modelVersion: '20260101T000000Z-aaaaaaaaaaaa' };
  expect(await recompute(lost)).toMatchObject({ outcome: 'gone' });
  expect(printed[0]).toContain('Forecast 3 series');
  expect(printed.join('\n')).toContain('Forecast 0 series');
});
