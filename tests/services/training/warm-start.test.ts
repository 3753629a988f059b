/** Purpose: training that goes on from the champion says so, and starts cold, saying why, where it must not. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import pino from 'pino';
import { type TrainingResult, train } from '../../../services/training/train.ts';
import type { TrainingConfig } from '../../../services/training/training-config.ts';
import { startBackend } from '../../forecasting/toy-network.ts';
import { commitPanel, learnable, openToy, toyConfig } from './toy-store.ts';

jest.setTimeout(60_000);

const config: TrainingConfig = { ...toyConfig, fit: { ...toyConfig.fit, steps: 4 } };
let folder = '';
let logged: string[] = [];
let toy: ReturnType<typeof openToy>;
let champion: TrainingResult;

beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'headway-warm-'));
  toy = openToy(join(folder, 'store'), pino({ level: 'info' }, { write: (line: string) => logged.push(line) }));
  await commitPanel(folder, toy, learnable());
  champion = await train({ ...toy.request, config, warmStart: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const warmly = (changes: Partial<TrainingConfig> = {}) => {
  logged = [];
  return train({ ...toy.request, config: { ...config, ...changes }, warmStart: true });
};

test('without a champion it starts cold', () => {
  expect(logged.join()).toContain('training starts cold: there is no champion to go on from');
  expect(champion.warmStart).toBeNull();
  expect(champion.card.config).not.toHaveProperty('warmStart');
});

test('it goes on from the champion: the log and the card say so; unless asked it does not', async () => {
  const { modelVersion } = champion.card;
  await toy.registry.promote({ modelVersion, reason: 'by hand', evidence: null });
  const warm = await warmly();
  expect(logged.join()).toContain('training goes on from the champion');
  expect(warm.warmStart).toBe(modelVersion);
  expect(warm.card.config).toMatchObject({ warmStart: modelVersion });
  expect(warm.evaluation.fitted.members).not.toEqual(champion.evaluation.fitted.members);
  const cold = await train({ ...toy.request, config });
  expect(cold.card.config).not.toHaveProperty('warmStart');
  expect(cold.evaluation.fitted.members).toEqual(champion.evaluation.fitted.members);
});

test('a champion that has seen the test span, or is built otherwise, is left alone, and the log says why', async () => {
  const longer = await warmly({ testDays: config.testDays + 1 });
  expect(logged.join()).toMatch(/training starts cold, not from the champion: it has learnt from days up to 20\d\d-/);
  expect(longer.warmStart).toBeNull();
  const wider = await warmly({ network: { ...config.network, width: 9 } });
  expect(logged.join()).toContain('training starts cold, not from the champion: its width is 8, not 9');
  expect(wider.card.config).not.toHaveProperty('warmStart');
});
