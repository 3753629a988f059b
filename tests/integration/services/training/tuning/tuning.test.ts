/**
 * Purpose: a search from a panel to a configuration: what it may see, that it goes on after a kill,
 * and what it says.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { type Panel, panelUpTo, timestampAt } from '../../../../../forecasting/panel/panel.ts';
import { silentProgress } from '../../../../../platform/progress.ts';
import { silentLogger } from '../../../../../platform/telemetry/logger.ts';
import { tuningPage } from '../../../../../reports/pages/tuning-page.ts';
import { defaultTrainingConfig } from '../../../../../services/training/training-config.ts';
import { tuningReport } from '../../../../../services/training/tuning/report.ts';
import { type TuningRequest, tune } from '../../../../../services/training/tuning/tuning.ts';
import {
  type TrialInput,
  type TrialScore,
  work,
} from '../../../../../services/training/tuning/worker.ts';
import { countOf } from '../../../../fixtures/drawn.ts';
import { changedAfter, panelOf } from '../../../../fixtures/random-panels.ts';
import { learnable, toyDomain } from '../../../../fixtures/toy-store.ts';

const TEST_DAYS = 5;
const LENGTH = 18 * 168;
/** Where the search must stop looking. */
const endOf = (panel: Panel) => panel.length - TEST_DAYS * 24;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-tuning-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const flat = (): Panel => panelOf(['a', 'b'], LENGTH, (s, t) => 1 + s + (t % 24));

/**
 * A loss that a larger budget brings nearer to 1, and a smaller width too: what is best is known.
 */
const scoreOf = ({ spec, fit, cutoffs }: TrialInput): TrialScore => {
  const loss = 1 + spec.width / 1000 + fit.peakRate + 1 / fit.steps + (cutoffs[0] as number) / 1e9;
  return {
    loss,
    mae: 2 * loss,
    pinball: loss / 2,
    coverage: 0.8,
    bestNaive: 'mean_4_weeks',
    naiveMae: 3,
    parameters: 10,
    backend: 'none',
    seconds: 1,
  };
};
const requestOf = (changes: Partial<TuningRequest> = {}): TuningRequest => ({
  domain: toyDomain,
  panel: flat(),
  config: { ...defaultTrainingConfig, testDays: TEST_DAYS },
  candidates: 6,
  steps: 10,
  folds: 2,
  seed: 3,
  backend: 'wasm',
  folder,
  runTrial: async (input) => scoreOf(input),
  progress: silentProgress,
  logger: silentLogger,
  ...changes,
});
const TRIALS = 6 * 2 + 3 * 2;

/** What a search hands to its workers, and what it finds. */
async function watched(changes: Partial<TuningRequest>) {
  const inputs: TrialInput[] = [];
  const runTrial = async (input: TrialInput) => {
    inputs.push(input);
    // Depends on every value there is.
    const sum = input.panel.columns.target.reduce((total, value) => total + value, 0);
    return { ...scoreOf(input), loss: scoreOf(input).loss + sum / 1e6 };
  };
  return { result: await tune(requestOf({ runTrial, ...changes })), inputs };
}

describe('the test span', () => {
  test('does not affect the input of workers or the result of the search', async () => {
    const panel = learnable();
    const one = await watched({ panel, folder: join(folder, 'one') });
    const two = await watched({
      panel: changedAfter(panel, endOf(panel) - 1, (t) => 1e6 + t),
      folder: join(folder, 'two'),
    });
    expect(two.inputs).toEqual(one.inputs);
    expect({ ...two.result, folder: '' }).toEqual({ ...one.result, folder: '' });
    // One value before the span is enough to decide.
    const three = await watched({
      panel: changedAfter(panel, endOf(panel) - 2, (t) => 1e6 + t),
      folder: join(folder, 'three'),
    });
    expect(three.result.history).not.toEqual(one.result.history);
  });

  test('and the data after a fold are not in the panel of that fold', async () => {
    const { inputs, result } = await watched({});
    const END = endOf(flat());
    expect(result.folds.map(({ end }) => end)).toEqual([END - 336, END]);
    for (const { panel, cutoffs, lastTarget } of inputs) {
      expect(panel.length).toBeLessThanOrEqual(END);
      expect(lastTarget).toBe(panel.length - 336 - 1);
      expect(Math.max(...cutoffs) + toyDomain.horizon).toBeLessThan(panel.length);
    }
  });
});

describe('a killed search', () => {
  test.each([1, 7, 12, 15])(
    'resumes after %d trials with the same history as an uninterrupted one',
    async (before) => {
      const whole = await tune(requestOf({ folder: join(folder, 'whole') }));
      let calls = 0;
      // The first is left hanging for ever, as a kill leaves it.
      await new Promise<void>((resolve) => {
        const runTrial = (input: TrialInput) => {
          calls++;
          if (calls <= before) return Promise.resolve(scoreOf(input));
          if (calls === Math.max(before + 1, before < 12 ? 12 : TRIALS)) setImmediate(resolve);
          return new Promise<never>(() => {});
        };
        void tune(requestOf({ runTrial }));
      });
      await filesUntil(before);
      calls = 0;
      const counting = async (input: TrialInput) => {
        calls++;
        return scoreOf(input);
      };
      const said: string[] = [];
      const logger = pino(
        { level: 'info' },
        { write: (line: string) => said.push(JSON.parse(line).msg) },
      );
      const resumed = await tune(requestOf({ logger, runTrial: counting }));
      expect(resumed.history).toEqual(whole.history);
      expect(resumed.config).toEqual(whole.config);
      expect([calls, resumed.resumedTrials]).toEqual([TRIALS - before, before]);
      expect(said).toContain('trials of an earlier run are used again');
    },
  );

  const trialFiles = async () => {
    const [search] = await readdir(folder).catch(() => []);
    return search
      ? (await readdir(join(folder, search))).map((name) => join(folder, search, name))
      : [];
  };
  const filesUntil = async (count: number) => {
    for (;;) {
      const files = (await trialFiles()).filter((name) => name.endsWith('.json'));
      if (files.length === count) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  test('reports and repeats a torn, a foreign and a partial file', async () => {
    const first = await tune(requestOf());
    const [torn, foreign, other] = (await trialFiles()).sort() as [string, string, string];
    await writeFile(torn, (await readFile(torn)).subarray(0, 100));
    await writeFile(foreign, await readFile(other));
    await writeFile(`${other}.1.draft`, 'half');
    const said: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => said.push(line) });
    let calls = 0;
    const counting = async (input: TrialInput) => {
      calls++;
      return scoreOf(input);
    };
    const again = await tune(requestOf({ logger, runTrial: counting }));
    expect([calls, said.length]).toEqual([2, 2]);
    expect(said.join()).toMatch(/belongs to another trial/);
    expect(said.join()).toMatch(/cannot be read and is run again/);
    expect(again.history).toEqual(first.history);
    expect((await trialFiles()).filter((name) => !name.endsWith('.json'))).toEqual([]);
  });

  test('is not resumed for another panel, seed, backend or configuration', async () => {
    await tune(requestOf());
    const config = { ...defaultTrainingConfig, testDays: TEST_DAYS };
    for (const change of [
      { panel: panelOf(['a', 'b'], LENGTH, (_, t) => t % 168) },
      { seed: 4 },
      { backend: 'cpu' as const },
      { config: { ...config, fit: { ...config.fit, anonymous: 0.5 } } },
    ]) {
      expect((await tune(requestOf(change))).resumedTrials).toBe(0);
    }
  });

  test('a larger search reuses the trials of a smaller one', async () => {
    await tune(requestOf());
    const larger = await tune(requestOf({ candidates: 9 }));
    expect(larger.resumedTrials).toBeGreaterThanOrEqual(12);
    expect(larger.history).toEqual(
      (await tune(requestOf({ candidates: 9, folder: join(folder, 'fresh') }))).history,
    );
  });
});

describe('result of a search', () => {
  test('is the candidate with the least loss and its configuration', async () => {
    const { best, candidates, config, history } = await tune(requestOf({ candidates: 18 }));
    const losses = candidates.map(
      ({ width, peakRate }) => (width as number) / 1000 + (peakRate as number),
    );
    expect(best).toBe(losses.indexOf(Math.min(...losses)));
    expect(config.network.width).toBe(candidates[best]?.width);
    expect(config.fit.steps).toBe(defaultTrainingConfig.fit.steps);
    expect(history.rungs.map(({ budget, standings }) => [budget, standings.length])).toEqual([
      [10, 18],
      [30, 7],
      [90, 3],
    ]);
  });

  test('each candidate learns with its own window; a window of a week equals the default', async () => {
    const { inputs } = await watched({ candidates: 18 });
    const { candidates } = await tune(requestOf({ candidates: 18 }));
    const windows = candidates.map(({ windowIntervals }) => windowIntervals as number);
    expect(new Set(windows)).toEqual(new Set([48, 96, 168, 336]));
    const learnt = inputs.slice(0, 36).map(({ spec }) => spec);
    const wanted = windows
      .flatMap((window) => [window, window])
      .map((window) => (window === 168 ? undefined : window));
    expect(learnt.map(({ features }) => features.windowIntervals)).toEqual(wanted);
    for (const spec of learnt) expect(spec).not.toHaveProperty('windowIntervals');
  });

  test('reports failed candidates, completes, and retries them in the next run', async () => {
    const failing = async (input: TrialInput) => {
      if (input.spec.width > 128) throw new Error('out of memory');
      return scoreOf(input);
    };
    const result = await tune(requestOf({ candidates: 18, runTrial: failing }));
    const report = reportOf(result);
    const failed = report.candidates.filter(({ values }) => (values.width as number) > 128);
    expect(failed.length).toBeGreaterThan(0);
    for (const { rungs } of failed) {
      expect(rungs).toHaveLength(1);
      expect(rungs[0]).toMatchObject({
        loss: null,
        mae: null,
        failures: ['out of memory', 'out of memory'],
      });
    }
    expect(report.failedTrials).toBe(2 * failed.length);
    expect(tuningPage(report)).toContain('out of memory');
    expect(
      (await tune(requestOf({ candidates: 18 }))).history.trials.every(
        ({ failure }) => failure === null,
      ),
    ).toBe(true);
  });

  test('fails with the reason if all candidates fail', async () => {
    const runTrial = () => Promise.reject(new Error('no backend'));
    await expect(tune(requestOf({ runTrial }))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'every candidate of the search failed: no backend',
    });
  });

  test('refuses too little history and states what is needed', async () => {
    await expect(tune(requestOf({ folds: 9 }))).rejects.toMatchObject({
      code: 'HISTORY_TOO_SHORT',
      message: expect.stringMatching(
        /holds 126 days \(3024 intervals\); .* days \(\d+ intervals\) are/,
      ),
      fix: expect.stringContaining('--folds'),
    });
  });

  test('warns about little training data', async () => {
    const said: string[] = [];
    const logger = pino(
      { level: 'warn' },
      { write: (line: string) => said.push(JSON.parse(line).msg) },
    );
    const panel = learnable();
    const short = panelUpTo(panel, panel.length - 1 - 7 * 168);
    await tune(requestOf({ panel: short, logger }));
    expect(said).toEqual([
      expect.stringMatching(/^the first fold learns from windows of \d+\.\d days only/),
    ]);
    await tune(requestOf({ logger }));
    expect(said).toHaveLength(1);
  });

  test('progress counts training steps without those of an earlier run', async () => {
    const seen: number[] = [];
    let total = 0;
    const progress = {
      ...silentProgress,
      start: (_: string, all: number) => (total = all),
      update: (done: number) => seen.push(done),
    };
    await tune(requestOf({ candidates: 18, progress }));
    expect(total).toBe(2 * (18 * 10 + 7 * 30 + 3 * 90));
    expect(seen.at(-1)).toBe(total);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });
});

const reportOf = (result: Awaited<ReturnType<typeof tune>>, title = toyDomain.title) =>
  tuningReport(result, {
    domain: { ...toyDomain, title },
    panel: flat(),
    snapshotVersion: '1-abc',
    seed: 3,
    testDays: TEST_DAYS,
    generatedAt: 0,
    seconds: 12,
  });

describe('tuning report', () => {
  test('names folds, best candidate and gain, and orders candidates by rungs reached', async () => {
    const result = await tune(requestOf({ candidates: 18 }));
    const report = reportOf(result);
    expect(report.candidates[0]?.number).toBe(result.best);
    expect(report.candidates.map(({ rungs }) => rungs.length)).toEqual([
      3,
      3,
      3,
      ...Array(4).fill(2),
      ...Array(11).fill(1),
    ]);
    const last = result.history.rungs[2]?.standings ?? [];
    const [best, own] = [result.best, 0].map(
      (number) => last.find(({ candidate }) => candidate === number)?.loss as number,
    );
    expect(report.gain).toBeCloseTo(1 - (best as number) / (own as number), 12);
    expect(report.folds.map(({ to }) => to)).toEqual(
      [endOf(flat()) - 336, endOf(flat())].map((index) => timestampAt(flat(), index)),
    );
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test('the page is self-contained, escapes data and draws every candidate', async () => {
    const report = reportOf(
      await tune(requestOf({ candidates: 18 })),
      'Toys <script>alert(1)</script>',
    );
    const page = tuningPage(report);
    expect(page).not.toMatch(/<script|https?:|src=|@import|url\(/);
    expect(page).toContain('Toys &lt;script&gt;');
    const [byRung, ...byValue] = page.match(/<svg[\s\S]*?<\/svg>/g) as string[];
    expect(byValue).toHaveLength(report.parameters.length);
    const marksIn = (svg: string) =>
      countOf(svg, 'candidates', 'circle') + countOf(svg, 'far above', 'path');
    expect(marksIn(byRung as string)).toBe(18 + 7 + 3);
    for (const svg of byValue) expect(marksIn(svg)).toBe(18);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('draws an outlier at the edge without flattening the others', async () => {
    const runTrial = async (input: TrialInput) => {
      const score = scoreOf(input);
      return input.spec.width === 256 ? { ...score, loss: 1e6 } : score;
    };
    const page = tuningPage(reportOf(await tune(requestOf({ candidates: 18, runTrial }))));
    expect(countOf(page, 'far above', 'path')).toBeGreaterThan(0);
    const heights = new Set(
      [...page.matchAll(/<circle[^>]*cy="([\d.]+)"/g)].map((match) => match[1]),
    );
    expect(heights.size).toBeGreaterThan(8);
  });
});

test('a trial is finite and reproducible, and training changes its score', async () => {
  let captured: TrialInput | undefined;
  const capture = async (input: TrialInput) => {
    captured ??= input;
    return scoreOf(input);
  };
  await tune(
    requestOf({ panel: learnable(), candidates: 1, folds: 1, steps: 40, runTrial: capture }),
  );
  const input = captured as TrialInput;
  const small = {
    ...input,
    spec: { ...input.spec, width: 8, headWidth: 8, latentSize: 2 },
    fit: { ...input.fit, batchSize: 32 },
  };
  const reported: number[] = [];
  const { seconds: _, ...first } = await work(small, (steps) => reported.push(steps));
  expect(reported).toEqual([20, 40]);
  expect(first).toMatchObject({ backend: 'wasm', bestNaive: expect.any(String) });
  expect(first.loss).toBeCloseTo(first.pinball / first.naiveMae, 12);
  expect(await work(small, () => {})).toMatchObject(first);
  const idle = await work({ ...small, fit: { ...small.fit, peakRate: 1e-7 } }, () => {});
  // The linear model that lies next to it learns all the same.
  expect(Math.abs(idle.loss - first.loss)).toBeGreaterThan(1e-4);
});
