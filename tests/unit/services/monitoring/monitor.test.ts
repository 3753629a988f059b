/** Purpose: a check that decides nothing still says why a model was promoted by others. */
import { expect, test } from '@jest/globals';
import { createPanel } from '../../../../forecasting/panel/panel.ts';
import { type MonitorRequest, monitor } from '../../../../services/monitoring/monitor.ts';
import { openDecisionLog } from '../../../../storage/decisions/decision-log.ts';
import { openCheckLog } from '../../../../storage/monitoring/check-log.ts';
import { openScoreLog } from '../../../../storage/scores/score-log.ts';
import { domain } from '../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 2, 1);

test('logs a promotion by a training once with its reason', async () => {
  const options = { store: memoryObjectStore(), domain: 'toy' };
  const decisions = openDecisionLog(options);
  const promotion = {
    ...{ modelVersion: 'm1', at: NOW - HOUR, number: 1, kind: 'promoted' },
    ...{ reason: 'beats the best naive by 20 %', evidence: { skill: 0.2 } },
  };
  const request = {
    ...{ domain, now: NOW, posts: [], records: null, policy: null, decisions },
    panel: createPanel({
      ...{ seriesIds: ['a'], start: NOW - 240 * HOUR, frequencyMinutes: 60, length: 240 },
      columns: { target: new Float32Array(240).fill(3) },
    }),
    ledger: { read: async () => [] },
    ...{ scores: openScoreLog(options), checks: openCheckLog(options) },
    registry: { promotions: async () => [promotion] } as unknown as MonitorRequest['registry'],
    train: () => Promise.reject(new Error('nothing is trained')),
  };
  const { decided } = await monitor(request);
  expect(decided).toHaveLength(1);
  await monitor({ ...request, now: NOW + HOUR, columns: ['trips/speed: DOUBLE'] });
  const { drift } = await monitor({
    ...{ ...request, now: NOW + 2 * HOUR, columns: ['trips/speed: VARCHAR'] },
  });
  expect(drift.opened.map(({ name }) => name)).toContain('schema');
  expect(await decisions.recent()).toMatchObject([
    {
      ...{ kind: 'promote', actor: 'schedule', modelVersion: 'm1', before: null, after: 'm1' },
      ...{ reason: 'beats the best naive by 20 %', evidence: { skill: 0.2 }, promotion: 1 },
    },
  ]);
});
