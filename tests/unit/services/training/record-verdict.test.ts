/** Purpose: a verdict is written as it was judged, or not at all. */
import { expect, test } from '@jest/globals';
import type { Domain } from '../../../../domains/domain.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import type { GateVerdict } from '../../../../services/training/gate.ts';
import { recordVerdict } from '../../../../services/training/train.ts';
import type { ModelCard } from '../../../../storage/models/model-card.ts';
import type { ModelRegistry } from '../../../../storage/models/model-registry.ts';
import type { Promotion } from '../../../../storage/models/promotion.ts';

const passed = {
  ...{ outcome: 'promoted', promoted: true, reason: 'it passed', moreCutoffs: null },
  ...{ comparisons: [], groups: [] },
} as const satisfies GateVerdict;
const card = { modelVersion: 'new' } as ModelCard;
const models = { card, scored: card, why: null, evidence: {}, over: 'old' };

/** Others are always first in the log; @param reigning who is champion by then */
function lostRace(reigning: string) {
  const written: unknown[] = [];
  const registry = {
    promote: async () => Promise.reject(new HeadwayError('COMMIT_CONFLICT', 'others were first')),
    champion: async () => ({ modelVersion: reigning }) as Promotion,
    async recordVerdict(kind: string) {
      written.push(kind);
      return {} as Promotion;
    },
  } as Partial<ModelRegistry> as ModelRegistry;
  const domain = { title: 'Toy', unit: 'units' } as Domain;
  const verdict = recordVerdict({ domain, registry, drawVerdict: () => '' }, passed, models);
  return { verdict, written };
}

test('a model that lost the race for the log fails, and is not called "not compared"', async () => {
  const { verdict, written } = lostRace('old');
  await expect(verdict).rejects.toMatchObject({ code: 'COMMIT_CONFLICT' });
  expect(written).toEqual([]);
});

test('a model that passed against a champion of the past is inconclusive', async () => {
  const { verdict, written } = lostRace('another');
  expect(await verdict).toMatchObject({ outcome: 'inconclusive', promoted: false });
  expect(written).toEqual(['inconclusive']);
});
