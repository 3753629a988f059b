/** Purpose: candidates come from the space and the seed alone. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { drawCandidates, SPACE, withCandidate } from '../../../services/training/search-space.ts';
import { defaultTrainingConfig } from '../../../services/training/training-config.ts';

describe('candidates', () => {
  test('the first is the configuration one starts from', () => {
    const [first] = drawCandidates(defaultTrainingConfig, 3, 7);
    expect(withCandidate(defaultTrainingConfig, first ?? {})).toEqual(defaultTrainingConfig);
    expect(first).toMatchObject({ peakRate: 4e-3, width: 128, levelPower: 0.5 });
  });

  test('every value is one the space allows, and lands in its place', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        for (const candidate of drawCandidates(defaultTrainingConfig, 4, seed).slice(1)) {
          const config = withCandidate(defaultTrainingConfig, candidate);
          for (const parameter of SPACE) {
            const value = candidate[parameter.name] as number;
            expect((config[parameter.part] as unknown as Record<string, number>)[parameter.name]).toBe(value);
            if ('oneOf' in parameter) expect(parameter.oneOf).toContain(value);
            else expect([value >= parameter.between[0], value <= parameter.between[1]]).toEqual([true, true]);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('more candidates change none of the first; another seed changes them', () => {
    const few = drawCandidates(defaultTrainingConfig, 5, 7);
    expect(drawCandidates(defaultTrainingConfig, 40, 7).slice(0, 5)).toEqual(few);
    expect(drawCandidates(defaultTrainingConfig, 5, 8).slice(1)).not.toEqual(few.slice(1));
    expect(new Set(drawCandidates(defaultTrainingConfig, 40, 7).map((candidate) => JSON.stringify(candidate))).size).toBe(40);
  });

  test('what is drawn spreads over the whole of its range', () => {
    const drawn = drawCandidates(defaultTrainingConfig, 2000, 1).slice(1);
    for (const parameter of SPACE) {
      const values = drawn.map((candidate) => candidate[parameter.name] as number);
      if ('oneOf' in parameter) expect([...new Set(values)].sort((a, b) => a - b)).toEqual(parameter.oneOf);
      else {
        // As many below the geometric middle as above it.
        const middle = Math.sqrt(parameter.between[0] * parameter.between[1]);
        expect(values.filter((value) => value < middle).length / values.length).toBeCloseTo(0.5, 1);
      }
    }
  });
});

test('parameters are what the configuration holds, and strides meet every hour', () => {
  for (const { part, name } of SPACE) expect(Object.keys(defaultTrainingConfig[part])).toContain(name);
  const strides = SPACE.find(({ name }) => name === 'stride');
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  expect(strides && 'oneOf' in strides ? strides.oneOf.map((stride) => gcd(stride, 24)) : []).toEqual([1, 1, 1, 1]);
});
