/**
 * Purpose: a fit that was interrupted anywhere ends with the very weights of one that was not, and
 * stops early with the best ones.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createFeatureSource } from '../../../../../forecasting/features/feature-source.ts';
import { fitScaling } from '../../../../../forecasting/models/network/input-scaling.ts';
import {
  type Checkpoint,
  type FitOptions,
  type FitProgress,
  fitMember,
  fitPlan,
  type MemberJob,
} from '../../../../../forecasting/models/network/member.ts';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import { randomStreams, seededRandom } from '../../../../../platform/random.ts';
import { panelOf } from '../../../../fixtures/random-panels.ts';
import { startBackend, toyFit, toyNetwork } from '../../../../fixtures/toy-network.ts';

const LENGTH = 168 * 11;
const HELD_OUT = 168;
const bits = (values: Float32Array | null) =>
  values && Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

/** Yesterday's deviation comes again today, until the held-out span: there its opposite comes. */
function turning(isTurning: boolean): Panel {
  const random = seededRandom(3);
  const deviation = Array.from({ length: LENGTH }, () => 0);
  return panelOf(['a', 'b'], LENGTH, (s, t) => {
    const yesterday = t < 24 ? 0 : (deviation[t - 24] as number);
    const sign = isTurning && t >= LENGTH - HELD_OUT - 24 ? -1 : 1;
    deviation[t] = sign * 0.97 * yesterday + 0.5 * (random() - 0.5);
    return 20 + 5 * s + 3 * Math.sin((2 * Math.PI * t) / 24) + 4 * (deviation[t] as number);
  });
}

function jobOf(panel: Panel, changes: Partial<FitOptions>): MemberJob {
  // The median alone: how wide the quantiles are is learnt on either kind of day.
  const spec = { ...toyNetwork(panel.seriesIds), quantiles: [0.5] };
  const options = { ...toyFit, batchSize: 8, calibrationIntervals: HELD_OUT, ...changes };
  const source = createFeatureSource(panel, spec.features);
  const lastTarget = panel.length - 1;
  const scaling = fitScaling(source, fitPlan(source, lastTarget, options).cutoffs, seededRandom(1));
  return { panel, spec, scaling, lastTarget, options, initial: null };
}

async function learn(job: MemberJob, resumeFrom: Checkpoint | null = null) {
  const checkpoints: Checkpoint[] = [];
  const reports: FitProgress[] = [];
  const weights = await fitMember(job, randomStreams(1), {
    resumeFrom,
    stepsPerCheckpoint: 10,
    onProgress: (progress) => void reports.push(progress),
    onCheckpoint: (checkpoint) => void checkpoints.push(checkpoint),
  });
  return { ...weights, checkpoints, reports };
}

beforeAll(async () => {
  await startBackend();
});

describe('steps', () => {
  const planOf = (options: Partial<FitOptions>) => {
    const panel = turning(false);
    const source = createFeatureSource(panel, toyNetwork(panel.seriesIds).features);
    const { maxPasses: _, ...unlimited } = toyFit;
    const given = { ...unlimited, steps: 1000, batchSize: 4, calibrationIntervals: HELD_OUT };
    return fitPlan(source, panel.length - 1, { ...given, ...options });
  };

  test('are as many as asked without a limit of passes, as in models of earlier versions', () => {
    expect(planOf({}).steps).toBe(1000);
  });

  test('are no more than pass over each window so often, but at least 250', () => {
    const { windows, steps, firstSteps } = planOf({ maxPasses: 20 });
    expect(steps).toBe(Math.ceil((20 * windows.length) / 4));
    expect([steps > 250, steps < 1000, firstSteps < steps]).toEqual([true, true, true]);
    expect(planOf({ maxPasses: 1 }).steps).toBe(250);
    expect(planOf({ maxPasses: 1, steps: 40 }).steps).toBe(40);
    expect(planOf({ maxPasses: 1000 }).steps).toBe(1000);
  });

  test('that were left out count as done', async () => {
    const job = jobOf(turning(false), { maxPasses: 1e-9, steps: 260, tuneShare: 0.5 });
    const { reports } = await learn(job);
    expect(reports.at(-1)).toMatchObject({ step: 250, steps: 250 });
  });
});

describe('resuming', () => {
  // A checkpoint every 10 steps; the first pass ends after 30 of 40, or after 25 of 33.
  test.each([
    { name: 'a checkpoint between the passes', steps: 40, patience: 1, panel: turning(false) },
    { name: 'checkpoints on both sides of it', steps: 33, patience: 0.99, panel: turning(false) },
    {
      name: 'a first pass that stopped early',
      steps: 80,
      patience: 0.25,
      panel: turning(true),
      peakRate: 2e-2,
    },
    {
      name: 'nothing held out',
      steps: 22,
      patience: 0.5,
      panel: turning(false),
      calibrationIntervals: 100_000,
    },
  ])('$name: every checkpoint leads to the same weights', async ({ panel, name, ...options }) => {
    const job = jobOf(panel, { ...options, dropout: 0.1 });
    const whole = await learn(job);
    expect(whole.checkpoints.length).toBeGreaterThan(1);
    expect(whole.early === null).toBe(name === 'nothing held out');
    const { bestStep } = whole.checkpoints.at(-1) as Checkpoint;
    expect(bestStep > 0).toBe(name.includes('stopped early') || name.includes('both sides'));
    for (const checkpoint of whole.checkpoints) {
      const resumed = await learn(job, checkpoint);
      expect(bits(resumed.final)).toBe(bits(whole.final));
      expect(bits(resumed.early)).toBe(bits(whole.early));
      expect(resumed.checkpoints.map(({ step }) => step)).toEqual(
        whole.checkpoints.map(({ step }) => step).filter((step) => step > checkpoint.step),
      );
    }
    // Nor were a checkpoint's own arrays changed by going on from it.
    const [first] = whole.checkpoints as [Checkpoint];
    expect(bits((await learn(job, first)).final)).toBe(bits(whole.final));
  });

  test('refuses a checkpoint of another architecture', async () => {
    const job = jobOf(turning(false), { steps: 10 });
    const [checkpoint] = (await learn(job)).checkpoints as [Checkpoint];
    const short = checkpoint.weights.slice(1);
    for (const part of ['weights', 'mean', 'variance', 'early', 'best'])
      await expect(learn(job, { ...checkpoint, [part]: short })).rejects.toThrow(
        'the architecture',
      );
    await expect(learn({ ...job, initial: short })).rejects.toThrow(
      'the network to start from has',
    );
  });
});

describe('early stopping', () => {
  const options = { steps: 80, dropout: 0, peakRate: 2e-2 };
  const firstSteps = 60;

  test('ends the first pass with its best weights if held-out loss rises', async () => {
    const patient = await learn(jobOf(turning(true), { ...options, patience: 1 }));
    const stopped = await learn(jobOf(turning(true), { ...options, patience: 0.25 }));
    expect(stopped.reports.length).toBeLessThan(patient.reports.length);
    expect(stopped.reports.at(-1)).toMatchObject({ step: 80, steps: 80 });
    const last = stopped.checkpoints.at(-1) as Checkpoint;
    expect(last.bestStep).toBeGreaterThan(0);
    expect(last.bestStep).toBeLessThan(0.75 * firstSteps);
    expect(Number.isFinite(last.bestLoss)).toBe(true);
    expect(bits(stopped.early)).toBe(bits(last.best));
    expect(bits(stopped.early)).not.toBe(bits(patient.early));
    // The second pass went on from them.
    expect(bits(stopped.final)).not.toBe(bits(stopped.early));
    expect(patient.checkpoints.every(({ best }) => best === null)).toBe(true);
  });

  test('runs all steps while the loss falls, with the weights of a fit without stopping', async () => {
    const job = (patience: number) => jobOf(turning(false), { ...options, patience });
    const [looking, patient] = [await learn(job(0.5)), await learn(job(1))];
    expect(looking.reports).toEqual(patient.reports);
    expect(bits(looking.final)).toBe(bits(patient.final));
  });

  test('ignores a held-out span without observations', async () => {
    const panel = turning(false);
    const silent = panel.columns.target.map((value, i) =>
      i % LENGTH >= LENGTH - HELD_OUT - 6 ? Number.NaN : value,
    );
    const job = (patience: number) =>
      jobOf({ ...panel, columns: { target: silent } }, { ...options, steps: 40, patience });
    const [looking, patient] = [await learn(job(0.1)), await learn(job(1))];
    expect(looking.reports).toEqual(patient.reports);
    expect(bits(looking.final)).toBe(bits(patient.final));
  });
});
