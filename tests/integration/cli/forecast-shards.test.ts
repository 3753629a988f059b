/**
 * Purpose: `headway forecast --shard`: what workers of one batch leave in the forecast log, also
 * when one of them runs twice.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { forecastCommand } from '../../../cli/actions/forecast.ts';
import { openContext } from '../../../cli/context.ts';
import { train } from '../../../services/training/train.ts';
import { openForecastLog } from '../../../storage/forecasts/forecast-log.ts';
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

test('two workers and a retry leave two entries, which joined are the batch', async () => {
  const toy = openToy(join(folder, 'store'));
  await commitPanel(folder, toy, learnable());
  const { card } = await train({
    ...toy.request,
    config: { ...toyConfig, fit: { ...toyConfig.fit, steps: 8 } },
  });
  await toy.registry.promote({ modelVersion: card.modelVersion, reason: 'test', evidence: null });
  const forecasts = openForecastLog({ store: toy.store, domain: toyDomain.name });
  const printed: string[] = [];
  const context = {
    ...openContext({ domain: 'taxi', backend: 'wasm', logLevel: 'silent', work: folder }, {}),
    ...{ domain: toyDomain, clock: toy.clock },
    features: async () => toy.features,
    registry: async () => toy.registry,
    forecasts: async () => forecasts,
    print: (text: string) => void printed.push(text),
  };
  const issuedAt = '2026-01-05T06:00:00Z';
  for (const shard of ['2/2', '1/2', '2/2', '1/9'])
    await forecastCommand(context, { shard, issuedAt });
  const entries = await forecasts.entries();
  const [first, second] = TOYS.slice(0, 3).every((id) => entries[0]?.seriesIds.includes(id))
    ? entries
    : [...entries].reverse();
  expect(entries).toHaveLength(2);
  expect(entries.map((entry) => new Date(entry.issuedAt).toISOString())).toEqual([
    '2026-01-05T06:00:00.000Z',
    '2026-01-05T06:00:00.000Z',
  ]);

  await forecastCommand(context, { issuedAt: '2026-01-05T07:00:00Z' });
  const whole = (await forecasts.entries()).at(-1)!;
  expect(whole.seriesIds).toEqual(TOYS);
  expect([...first!.seriesIds, ...second!.seriesIds]).toEqual(whole.seriesIds);
  expect([...first!.values, ...second!.values]).toEqual(whole.values);
  expect(printed[0]).toContain('Forecast 3 series');
  expect(printed.join('\n')).toContain('Forecast 0 series');
});
