/**
 * Purpose: training that goes on from the champion says so, and starts cold, saying why, where it
 * must not.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import pino from 'pino';
import { restoreChampion, warmStartOf } from '../../../../services/training/champion.ts';
import { type TrainingResult, train } from '../../../../services/training/train.ts';
import type { TrainingConfig } from '../../../../services/training/training-config.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import {
  commitPanel,
  learnable,
  openToy,
  toyConfig,
  toyDomain,
} from '../../../fixtures/toy-store.ts';

jest.setTimeout(60_000);

const config: TrainingConfig = { ...toyConfig, fit: { ...toyConfig.fit, steps: 4 } };
let folder = '';
let logged: string[] = [];
let toy: ReturnType<typeof openToy>;
let champion: TrainingResult;

beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'headway-warm-'));
  toy = openToy(
    join(folder, 'store'),
    pino({ level: 'info' }, { write: (line: string) => logged.push(line) }),
  );
  await commitPanel(folder, toy, learnable());
  champion = await train({ ...toy.request, config, warmStart: true });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('starts cold without a champion', () => {
  expect(logged.join()).toContain('training starts cold: there is no champion to start from');
  expect(champion.warmStart).toBeNull();
  expect(champion.card.config).not.toHaveProperty('warmStart');
});

test('continues from the champion, and log and card say so', async () => {
  const { modelVersion } = champion.card;
  await toy.registry.promote({ modelVersion, reason: 'by hand', evidence: null });
  logged = [];
  const warm = await train({ ...toy.request, config, warmStart: true });
  expect(logged.join()).toContain('training continues from the champion');
  expect(warm.warmStart).toBe(modelVersion);
  expect(warm.card.config).toMatchObject({ warmStart: modelVersion });
  // The same seed from the same start would have given the same weights.
  expect(warm.evaluation.fitted.members).not.toEqual(champion.evaluation.fitted.members);
  expect(warm.evaluation.fitted.scaling).toEqual(champion.evaluation.fitted.scaling);
});

test('ignores and logs a champion that saw the test span or has another structure', async () => {
  const { logger } = toy.request;
  const { panel } = champion;
  const { champion: restored } = await restoreChampion(toy.registry, toyDomain, panel, logger);
  const start = (changes: Partial<TrainingConfig>) => {
    logged = [];
    return warmStartOf(restored, {
      domain: toyDomain,
      panel,
      config: { ...config, ...changes },
      logger,
    });
  };
  expect(start({})).not.toBeNull();
  expect(start({ testDays: config.testDays - 1 })).not.toBeNull();
  expect(start({ testDays: config.testDays + 1 })).toBeNull();
  expect(logged.join()).toMatch(
    /training starts cold, not from the champion: it was trained on days up to 20\d\d-/,
  );
  expect(start({ network: { ...config.network, width: 9 } })).toBeNull();
  expect(logged.join()).toContain(
    'training starts cold, not from the champion: its width is 8, not 9',
  );
});

test('ignores and logs a champion of a shorter horizon or another frequency', async () => {
  logged = [];
  const domain = { ...toyDomain, horizon: toyDomain.horizon + 1 };
  const { verdict } = await train({ ...toy.request, domain, config });
  expect(verdict.reason).toContain(
    '(the champion was not part of the comparison: it forecasts 6 steps, the domain needs 7)',
  );
  expect(verdict.comparisons.map(({ reference }) => reference)).not.toContain('champion');
  expect(logged.join()).toContain(
    'the champion cannot be part of the comparison: it forecasts 6 steps, the domain needs 7',
  );
  const panel = { ...champion.panel, frequencyMinutes: 30 };
  const { logger } = toy.request;
  expect(await restoreChampion(toy.registry, toyDomain, panel, logger)).toEqual({
    reigning: (await toy.registry.champion())?.modelVersion,
    champion: null,
    leftOut: 'its intervals are 60 minutes long, those of the snapshot 30',
  });
  expect(logged.join()).toContain('its intervals are 60 minutes long, those of the snapshot 30');
});
