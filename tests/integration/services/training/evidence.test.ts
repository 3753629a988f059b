/** Purpose: what must not pass as evidence does not pass through training. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { train } from '../../../../services/training/train.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import { commitPanel, learnable, openToy, toyConfig } from '../../../fixtures/toy-store.ts';

const panel = learnable();
const lastTarget = panel.length - toyConfig.testDays * 24 - 1;

beforeAll(async () => {
  await startBackend();
});

describe('training on suspicious evidence', () => {
  let folder: string;
  let toy: ReturnType<typeof openToy>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-evidence-'));
    toy = openToy(join(folder, 'store'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const quick = (steps: number) => ({
    ...toy.request,
    config: { ...toyConfig, fit: { ...toyConfig.fit, steps } },
  });

  test('does not promote a model trained on shuffled labels, and logs why with a chart', async () => {
    await commitPanel(folder, toy, withShuffledPast(panel, lastTarget));
    const { verdict } = await train(toy.request);
    expect(verdict.promoted).toBe(false);
    expect(verdict.comparisons[0]?.difference).toBeLessThan(0);
    expect(await toy.registry.champion()).toBeNull();
    const [entry] = await toy.registry.promotions();
    expect(entry).toMatchObject({ kind: verdict.outcome, reason: verdict.reason });
    const svg = await toy.registry.chart(entry as NonNullable<typeof entry>);
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(svg?.length).toBeLessThan(30_000);
    expect(svg).toContain(verdict.outcome);
  });

  test('compares with a champion only at cutoffs after its training', async () => {
    await commitPanel(folder, toy, panel);
    const { card } = await train({ ...quick(2), config: { ...quick(2).config, testDays: 12 } });
    await toy.registry.promote({ modelVersion: card.modelVersion, reason: 'test', evidence: null });
    const { verdict, evaluation } = await train(toy.request);
    const [against, champion] = [verdict.comparisons[0], verdict.comparisons.at(-1)];
    expect(evaluation.result.cutoffs).toHaveLength(20);
    expect(against?.cutoffs).toBe(20);
    expect(champion).toMatchObject({ reference: 'champion', cutoffs: 11 });
    expect(verdict.reason).toMatch(/9 cutoffs left out, because the champion was trained on them/);
  });

  test('decides nothing if the champion knows all actuals', async () => {
    await commitPanel(folder, toy, panel);
    const { card } = await train({ ...quick(2), config: { ...quick(2).config, testDays: 4 } });
    await toy.registry.promote({ modelVersion: card.modelVersion, reason: 'test', evidence: null });
    const { verdict } = await train(toy.request);
    expect(verdict).toMatchObject({ outcome: 'inconclusive', promoted: false });
    expect(verdict.reason).toMatch(
      /the champion was trained on part of the test span: 3 of 20 cutoffs come after/,
    );
    expect((await toy.registry.promotions()).at(-1)?.kind).toBe('inconclusive');
    expect((await toy.registry.champion())?.modelVersion).toBe(card.modelVersion);
  });
});

/**
 * Every series' values up to `last` in random order: the same numbers, and nothing to learn from
 * them.
 */
function withShuffledPast(truth: Panel, last: number): Panel {
  const random = seededRandom(9);
  const target = truth.columns.target.slice();
  for (let s = 0; s < truth.seriesIds.length; s++) {
    const past = target.subarray(s * truth.length, s * truth.length + last + 1);
    for (let i = past.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [past[i], past[j]] = [past[j] as number, past[i] as number];
    }
  }
  return { ...truth, columns: { target } };
}
