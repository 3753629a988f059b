/**
 * Purpose: in the simulated city a person promotes a worse model; its forecasts are issued, scored
 * and compared as in a live system, and it is rolled back by itself within the stated time.
 */
import { expect, test } from '@jest/globals';
import { rehearse } from '../../../../bench/monitoring/rehearsal.ts';
import { createCityDemand, HOUR_MS } from '../../../../domains/taxi/city-demand.ts';
import { fixedClock } from '../../../../platform/clock.ts';
import { monitor } from '../../../../services/monitoring/monitor.ts';
import { readPolicy } from '../../../../services/monitoring/policy.ts';
import { openDecisionLog } from '../../../../storage/decisions/decision-log.ts';
import { type LedgerIssue, openLedger } from '../../../../storage/ledger/ledger.ts';
import { openModelRegistry } from '../../../../storage/models/model-registry.ts';
import { openCheckLog } from '../../../../storage/monitoring/check-log.ts';
import { openScoreLog } from '../../../../storage/scores/score-log.ts';
import { domain } from '../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { modelOf } from '../../../fixtures/storage/models.ts';

const DAY = 24 * HOUR_MS;
const PROMOTED_AT = Date.UTC(2026, 8, 15, 12);
const STEP = 6 * HOUR_MS;
const PLACES = 12;
/** As docs/monitoring.md states. */
const MAX_HOURS = 36;

test('rolls a worse model that was promoted by hand back with evidence', async () => {
  const options = { store: memoryObjectStore(), domain: 'city' };
  const clock = fixedClock(PROMOTED_AT - 3 * DAY);
  const demand = createCityDemand(1, PLACES);
  const city = rehearse({
    ...{ seed: 1, places: PLACES, incident: null },
    ...{ from: PROMOTED_AT - 100 * DAY, until: PROMOTED_AT + 10 * DAY },
  });
  const registry = openModelRegistry({ ...options, clock });
  const ledger = openLedger({ ...options, clock });
  const decisions = openDecisionLog(options);
  const stores = {
    ...{ registry, ledger, decisions, records: null },
    ...{ scores: openScoreLog(options), checks: openCheckLog(options) },
  };
  const register = async (seed: number) => {
    const { card, ...model } = modelOf(seed);
    const made = { ...card, trainingCutoff: clock.now() };
    return (await registry.register({ ...model, card: made })).modelVersion;
  };
  const [good, worse] = [await register(1), await register(2)];
  const promote = (modelVersion: string) =>
    registry.promote({ modelVersion, reason: 'promoted by hand', evidence: null });
  /** The worse one takes the local clock for UTC. */
  const quantileOf = {
    [good]: (id: string, at: number, quantile: number) => demand.quantile(id, at, quantile),
    [worse]: (id: string, at: number, quantile: number) =>
      demand.quantile(id, at - 4 * HOUR_MS, quantile),
  };
  const seriesIds = demand.places.map(({ seriesId }) => seriesId);
  const issueOf = (modelVersion: string, role: LedgerIssue['role']): LedgerIssue => {
    const issuedAt = clock.now();
    const steps = Array.from({ length: domain.horizon }, (_, k) => issuedAt + k * HOUR_MS);
    const values = seriesIds.flatMap((id) =>
      domain.quantiles.flatMap((quantile) =>
        steps.map((at) => quantileOf[modelVersion]?.(id, at, quantile) as number),
      ),
    );
    return {
      ...{ issuedAt, cutoff: issuedAt - HOUR_MS, forecaster: 'network', modelVersion, role },
      ...{ snapshotVersion: '1-abcdefabcdef', origin: 'batch', fallback: null, mean: null },
      ...{ quantiles: domain.quantiles, horizon: domain.horizon, frequencyMinutes: 60 },
      ...{ seriesIds, values },
    };
  };
  const policy = await readPolicy(null);

  await promote(good);
  for (; clock.now() <= PROMOTED_AT + MAX_HOURS * HOUR_MS; clock.advance(STEP)) {
    const now = clock.now();
    if (now === PROMOTED_AT) await promote(worse);
    await monitor({
      ...{ domain, now, posts: [], policy, ...stores, panel: city.panelAt(now, 14 * 168) },
      train: () => Promise.reject(new Error('nothing is to be trained')),
    });
    const champion = (await registry.champion())?.modelVersion;
    if (now > PROMOTED_AT && champion === good) break;
    await ledger.append([issueOf(champion === worse ? worse : good, 'serving')]);
    if (champion === worse) await ledger.append([issueOf(good, 'shadow')]);
  }
  const [rollback, ...before] = await decisions.recent();
  expect(rollback).toMatchObject({
    ...{ kind: 'rollback', actor: 'policy', before: worse, after: good },
    evidence: { comparisons: [{ against: 'previous', isWorse: true }] },
  });
  expect(before.map(({ kind, actor }) => [kind, actor])).toEqual([
    ['promote', 'person'],
    ['promote', 'person'],
  ]);
});
