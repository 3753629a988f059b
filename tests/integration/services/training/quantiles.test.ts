/**
 * Purpose: quantiles by configuration, from training through card and log to the response of the
 * HTTP service.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { restoreNetwork } from '../../../../forecasting/models/network/forecaster.ts';
import { issueForecasts } from '../../../../services/inference/batch/issue-forecasts.ts';
import { storedResponse } from '../../../../services/inference/responses/forecast-response.ts';
import type { Serving } from '../../../../services/inference/serving/build-serving-snapshot.ts';
import { createServingState } from '../../../../services/inference/serving/serving-state.ts';
import { train } from '../../../../services/training/train.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import {
  commitPanel,
  HORIZON,
  learnable,
  openToy,
  TOYS,
  toyConfig,
  toyDomain,
} from '../../../fixtures/toy-store.ts';

let folder: string;
beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'headway-quantiles-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  { quantiles: [0.05, 0.25, 0.5, 0.75, 0.95], calibrationIntervals: 120 },
  { quantiles: [0.2, 0.5], calibrationIntervals: 1200 },
  { quantiles: [0.5], calibrationIntervals: 120 },
])('quantiles $quantiles', ({ quantiles, calibrationIntervals }) => {
  const domain = { ...toyDomain, quantiles };
  let toy: ReturnType<typeof openToy>;
  let trained: Awaited<ReturnType<typeof train>>;
  const logged: string[] = [];
  beforeAll(async () => {
    const logger = pino({ level: 'warn' }, { write: (line: string) => logged.push(line) });
    toy = openToy(join(folder, quantiles.join('-')), logger);
    await commitPanel(folder, toy, learnable(), `part-${quantiles.length}`);
    trained = await train({
      ...toy.request,
      domain,
      config: { ...toyConfig, fit: { ...toyConfig.fit, steps: 8, calibrationIntervals } },
    });
    await toy.registry.promote({
      modelVersion: trained.card.modelVersion,
      reason: 'test',
      evidence: null,
    });
  });

  test('the card has them and their reliability', () => {
    expect(trained.card.quantiles).toEqual(quantiles);
    const { network } = (
      trained.card.metrics as {
        all: { network: { reliability: { count: number; quantiles: unknown[] } } };
      }
    ).all;
    expect(
      network.reliability.quantiles.map((one) => (one as { quantile: number }).quantile),
    ).toEqual(quantiles);
    expect(network.reliability.count).toBe(20 * TOYS.length * HORIZON);
    expect(trained.reliability[0]?.quantiles).toHaveLength(quantiles.length);
  });

  test('uncalibrated ones are reported in log and result, and only they', () => {
    const hasRoom = calibrationIntervals < 200;
    expect(trained.evaluation.fitted.calibration === null).toBe(!hasRoom);
    expect(
      logged
        .join()
        .includes('not calibrated: with the last 1200 intervals held out, less than half'),
    ).toBe(!hasRoom);
    expect(trained.uncalibrated === null).toBe(hasRoom);
  });

  test('the ledger and the HTTP service forecast them in order', async () => {
    const { features, registry, clock } = toy;
    const parts = { domain, features, registry, restoreForecaster: restoreNetwork };
    const { entry } = await issueForecasts({ ...parts, issuedAt: 0 });
    expect(entry.quantiles).toEqual(quantiles);
    expect(entry.values).toHaveLength(TOYS.length * quantiles.length * HORIZON);
    const state = createServingState({ ...parts, clock, logger: pino({ level: 'silent' }) });
    expect(await state.refresh()).toBe('changed');
    const reply = storedResponse(state.current() as Serving, domain, 'a', {});
    expect(Object.keys(reply.quantiles)).toEqual(quantiles.map(String));
    const columns = quantiles.map((quantile) => reply.quantiles[String(quantile)] as number[]);
    for (const [q, column] of columns.entries()) {
      expect(column).toHaveLength(HORIZON);
      const inner = columns[q - 1];
      expect(inner === undefined || column.every((value, k) => value >= (inner[k] as number))).toBe(
        true,
      );
    }
  });
});
