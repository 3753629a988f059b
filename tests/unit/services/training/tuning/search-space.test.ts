/** Purpose: candidates come from the space and the seed alone. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultTrainingConfig } from '../../../../../services/training/training-config.ts';
import {
  choicesOf,
  drawCandidates,
  SPACE,
  withCandidate,
} from '../../../../../services/training/tuning/search-space.ts';

/** The seasons of an hourly domain. */
const HOURLY = { day: 24, week: 168 };

describe('drawCandidates', () => {
  test('starts with the initial configuration', () => {
    const [first] = drawCandidates(defaultTrainingConfig, HOURLY, 3, 7);
    const { network, ...config } = withCandidate(defaultTrainingConfig, first ?? {});
    expect(network).toEqual(defaultTrainingConfig.network);
    expect(config).toEqual({ ...config, fit: defaultTrainingConfig.fit });
    expect(first).toMatchObject({
      peakRate: 4e-3,
      width: 128,
      windowIntervals: 48,
      levelPower: 0.5,
    });
    const narrow = {
      ...defaultTrainingConfig,
      network: { ...defaultTrainingConfig.network, windowIntervals: 72 },
    };
    expect(drawCandidates(narrow, HOURLY, 1, 7)).toEqual([{ ...first, windowIntervals: 72 }]);
  });

  test('draws only values of the space, each into its field', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        for (const candidate of drawCandidates(defaultTrainingConfig, HOURLY, 4, seed).slice(1)) {
          const config = withCandidate(defaultTrainingConfig, candidate);
          for (const parameter of SPACE) {
            const value = candidate[parameter.name] as number;
            expect(
              (config[parameter.part] as unknown as Record<string, number>)[parameter.name],
            ).toBe(value);
            if (!('between' in parameter)) expect(choicesOf(parameter, HOURLY)).toContain(value);
            else
              expect([value >= parameter.between[0], value <= parameter.between[1]]).toEqual([
                true,
                true,
              ]);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('more candidates keep the first ones; another seed changes them', () => {
    const few = drawCandidates(defaultTrainingConfig, HOURLY, 5, 7);
    expect(drawCandidates(defaultTrainingConfig, HOURLY, 40, 7).slice(0, 5)).toEqual(few);
    expect(drawCandidates(defaultTrainingConfig, HOURLY, 5, 8).slice(1)).not.toEqual(few.slice(1));
    expect(
      new Set(
        drawCandidates(defaultTrainingConfig, HOURLY, 40, 7).map((candidate) =>
          JSON.stringify(candidate),
        ),
      ).size,
    ).toBe(40);
  });

  test('spreads draws over the whole range', () => {
    const drawn = drawCandidates(defaultTrainingConfig, HOURLY, 2000, 1).slice(1);
    for (const parameter of SPACE) {
      const values = drawn.map((candidate) => candidate[parameter.name] as number);
      if (!('between' in parameter))
        expect([...new Set(values)].sort((a, b) => a - b)).toEqual(choicesOf(parameter, HOURLY));
      else {
        // As many below the geometric middle as above it.
        const middle = Math.sqrt(parameter.between[0] * parameter.between[1]);
        expect(values.filter((value) => value < middle).length / values.length).toBeCloseTo(0.5, 1);
      }
    }
  });
});

test('windows are whole seasons of any frequency, each distinct length once', () => {
  const windows = (seasons: typeof HOURLY): number[] => {
    const [, ...drawn] = drawCandidates(defaultTrainingConfig, seasons, 300, 1);
    return [...new Set(drawn.map((candidate) => candidate.windowIntervals as number))].sort(
      (a, b) => a - b,
    );
  };
  expect(windows(HOURLY)).toEqual([48, 96, 168, 336]);
  expect(windows({ day: 96, week: 672 })).toEqual([192, 384, 672, 1344]);
  expect(windows({ day: 78, week: 390 })).toEqual([156, 312, 390, 780]);
  expect(windows({ day: 24, week: 24 })).toEqual([24, 48, 96]);
});

test('parameters are fields of the configuration, and strides cover every hour', () => {
  const { windowIntervals: _, ...own } =
    drawCandidates(defaultTrainingConfig, HOURLY, 1, 1)[0] ?? {};
  expect(Object.keys({ ...defaultTrainingConfig.network, ...defaultTrainingConfig.fit })).toEqual(
    expect.arrayContaining(Object.keys(own)),
  );
  const strides = SPACE.find(({ name }) => name === 'stride');
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  expect(
    strides && 'oneOf' in strides ? strides.oneOf.map((stride) => gcd(stride, 24)) : [],
  ).toEqual([1, 1, 1, 1]);
});
