/**
 * Purpose: fitting: the same seed gives the same weights, nothing after the last target is read,
 * and something is learnt.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { naiveForecasters } from '../../../../../forecasting/models/baselines/naive.ts';
import { networkForecaster } from '../../../../../forecasting/models/network/forecaster.ts';
import type { FitProgress, MemberJob } from '../../../../../forecasting/models/network/member.ts';
import type {
  FitExtras,
  MemberFitter,
} from '../../../../../forecasting/models/network/training.ts';
import { randomStreams, seededRandom } from '../../../../../platform/random.ts';
import { changedAfter, panelOf, randomPanel } from '../../../../fixtures/random-panels.ts';
import { fitToy, startBackend } from '../../../../fixtures/toy-network.ts';

const LENGTH = 168 * 10;
const panel = randomPanel({
  seed: 1,
  series: 2,
  length: LENGTH,
  scale: 3,
  gapShare: 0.05,
  zeroShare: 0.3,
  negative: false,
});
const bits = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

describe.each(['wasm', 'cpu'] as const)('training on %s', (backend) => {
  beforeAll(async () => {
    expect(await startBackend(backend)).toBe(backend);
  });

  test('gives the same weights for the same seed, and others for another', async () => {
    const [one, again, other] = [
      await fitToy(panel, { seed: 3, steps: 3 }),
      await fitToy(panel, { seed: 3, steps: 3 }),
      await fitToy(panel, { seed: 4, steps: 3 }),
    ];
    expect(bits(again.members[0] as Float32Array)).toBe(bits(one.members[0] as Float32Array));
    expect(again.scaling).toEqual(one.scaling);
    expect(one.calibration).not.toBeNull();
    expect(again.calibration).toEqual(one.calibration);
    expect(bits(other.members[0] as Float32Array)).not.toBe(bits(one.members[0] as Float32Array));
  });
});

describe('fitNetwork', () => {
  beforeAll(async () => {
    await startBackend();
  });

  test('reads nothing after the last target', async () => {
    const lastTarget = LENGTH - 20;
    const changed = changedAfter(panel, lastTarget, (t) => 1e6 * Math.sin(t));
    const [one, other] = [
      await fitToy(panel, { steps: 4, lastTarget }),
      await fitToy(changed, { steps: 4, lastTarget }),
    ];
    expect(bits(other.members[0] as Float32Array)).toBe(bits(one.members[0] as Float32Array));
    expect(other.scaling).toEqual(one.scaling);
    expect(one.calibration).not.toBeNull();
    expect(other.calibration).toEqual(one.calibration);
  });

  test('reads everything up to the last target', async () => {
    // Batches that hold every window.
    const all = { steps: 4, batchSize: 400 };
    const lastTarget = LENGTH - 20;
    const changed = changedAfter(panel, lastTarget - 1, () => 1e6);
    const [one, other] = [
      await fitToy(panel, { ...all, lastTarget }),
      await fitToy(changed, { ...all, lastTarget }),
    ];
    expect(bits(other.members[0] as Float32Array)).not.toBe(bits(one.members[0] as Float32Array));
  });

  test('reports progress and awaits the listener', async () => {
    const heard: FitProgress[] = [];
    let isAwaited = true;
    const { fitNetwork } = await import('../../../../../forecasting/models/network/training.ts');
    const { toyFit, toyNetwork } = await import('../../../../fixtures/toy-network.ts');
    const spec = toyNetwork(panel.seriesIds);
    await fitNetwork(
      panel,
      spec,
      LENGTH - 1,
      { ...toyFit, steps: 45 },
      randomStreams(1),
      async (progress) => {
        isAwaited &&= heard.length === 0 || (heard.at(-1) as FitProgress).step < progress.step;
        await Promise.resolve();
        heard.push(progress);
      },
    );
    expect(isAwaited).toBe(true);
    expect(heard.at(-1)).toMatchObject({ step: 45, steps: 45 });
    expect(heard.length).toBeGreaterThan(1);
    for (const { loss, rate, step, steps } of heard) {
      expect(Number.isFinite(loss) && rate >= 0 && step <= steps).toBe(true);
    }
  });

  test('stops if the listener fails', async () => {
    const { fitNetwork } = await import('../../../../../forecasting/models/network/training.ts');
    const { toyFit, toyNetwork } = await import('../../../../fixtures/toy-network.ts');
    const stop = () => {
      throw new Error('stop');
    };
    await expect(
      fitNetwork(panel, toyNetwork(panel.seriesIds), LENGTH - 1, toyFit, randomStreams(1), stop),
    ).rejects.toThrow('stop');
  });

  test('is the same where members report no progress', async () => {
    const { fitNetwork, streamsOfMember } = await import(
      '../../../../../forecasting/models/network/training.ts'
    );
    const { fitMember } = await import('../../../../../forecasting/models/network/member.ts');
    const { toyFit, toyNetwork } = await import('../../../../fixtures/toy-network.ts');
    const streams = randomStreams(1);
    const fitMembers: MemberFitter = async ([job]) => [
      await fitMember(job as MemberJob, streamsOfMember(streams, 0)),
    ];
    const options = { ...toyFit, members: 1 };
    const fitWith = (extras: FitExtras) =>
      fitNetwork(
        ...([panel, toyNetwork(panel.seriesIds), LENGTH - 1, options, streams] as const),
        ...([() => {}, extras] as const),
      );
    const reporting = await fitWith({});
    expect(await fitWith({ fitMembers })).toEqual(reporting);
  });

  test('refuses a panel without a complete training window, with numbers', async () => {
    await expect(fitToy(panelOf(['a'], 1368 + 5, () => 1))).rejects.toThrow(
      /no training window: they need 1374 intervals/,
    );
    await expect(fitToy(panel, { lastTarget: 1300 })).rejects.toThrow(RangeError);
    expect(
      (
        await fitToy(
          panelOf(['a'], 1368 + 6, (_s, t) => t % 5),
          { steps: 1 },
        )
      ).windows,
    ).toBe(1);
  });

  test('accepts series without values and a panel of only zeros', async () => {
    for (const value of [Number.NaN, 0]) {
      const odd = panelOf(['a', 'b'], LENGTH, (s, t) =>
        s === 0 ? value : value === 0 ? 0 : 2 + (t % 24),
      );
      const fitted = await fitToy(odd, { steps: 5 });
      expect(fitted.members.every((weights) => weights.every(Number.isFinite))).toBe(true);
      expect(
        networkForecaster(fitted)
          .predict(odd, LENGTH - 1, 6)
          .every(Number.isFinite),
      ).toBe(true);
    }
  });

  test('learns a slow wave on top of the week, which naive forecasters miss', async () => {
    const random = seededRandom(2);
    const wave = panelOf(
      ['a', 'b'],
      168 * 13,
      (s, t) =>
        10 +
        4 * s +
        2 * Math.sin((2 * Math.PI * t) / 24) +
        3 * Math.sin((2 * Math.PI * t) / (168 * 1.43)) +
        0.2 * random(),
    );
    const lastTarget = 168 * 12;
    const fitted = await fitToy(wave, { steps: 80, batchSize: 64, lastTarget, dropout: 0 });
    const network = networkForecaster(fitted);
    let [mine, best] = [0, [0, 0, 0]];
    for (let cutoff = lastTarget; cutoff < wave.length - 6; cutoff += 7) {
      const error = (values: Float32Array, at: (s: number, k: number) => number) => {
        let sum = 0;
        for (let s = 0; s < 2; s++)
          for (let k = 0; k < 6; k++)
            sum += Math.abs(
              (wave.columns.target[s * wave.length + cutoff + 1 + k] as number) -
                (values[at(s, k)] as number),
            );
        return sum;
      };
      mine += error(network.predict(wave, cutoff, 6), (s, k) => (s * 3 + 1) * 6 + k);
      const naive = naiveForecasters(168).map(({ predict }) =>
        error(predict(wave, cutoff, 6), (s, k) => s * 6 + k),
      );
      best = best.map((sum, i) => sum + (naive[i] as number));
    }
    expect(mine).toBeLessThan(0.7 * Math.min(...best));
  });
});
