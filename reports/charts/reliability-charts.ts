/**
 * Purpose: the charts of calibration: observed shares against nominal ones, overall and by step.
 * Invariants: what is wrong is red and hollow; shares that are not finite are left out.
 * Fails: never.
 */
import * as Plot from '@observablehq/plot';
import type {
  GroupReliability,
  QuantileReliability,
} from '../../forecasting/evaluation/reliability.ts';
import { percent } from '../text/figures.ts';
import { colour } from './look.ts';
import { bandOf, endLabels, labelsBelow, lineOf, verticalAxis } from './marks.ts';
import type { Chart } from './svg.ts';

const SHARES = [0, 0.25, 0.5, 0.75, 1];
const FRAME = {
  ...{ width: 440, height: 400, marginTop: 12, marginRight: 48, marginBottom: 28 },
  marginLeft: 48,
};
const shareAxis = () => verticalAxis(SHARES, (share) => percent(share, 0));
const y = { domain: [0, 1], axis: null };

export function reliabilityDiagram({ quantiles }: GroupReliability): Chart {
  const known = quantiles.filter(({ atMost }) => Number.isFinite(atMost));
  const wrong = known.filter(({ isRight }) => !isRight).length;
  const stroke = ({ isRight }: QuantileReliability) => colour(isRight ? 'forecast' : 'trouble');
  const words = ({ quantile, below, atMost }: QuantileReliability) =>
    `${quantile}: ${percent(below)} below, ${percent(atMost)} at or below`;
  const bounded = (share: number) => Math.min(1, Math.max(0, share));
  const middle = (one: QuantileReliability) => (one.below + one.atMost) / 2;
  return {
    title: `${known.length - wrong} of ${known.length} quantiles hold`,
    description: known.map(words).join('; '),
    panels: [
      {
        ...FRAME,
        x: { domain: [0, 1], axis: null },
        y,
        marks: [
          ...shareAxis(),
          labelsBelow(
            SHARES.map((at) => ({ at, label: percent(at, 0) })),
            [0, 1],
            FRAME,
          ),
          lineOf(
            [
              { x: 0, y: 0 },
              { x: 1, y: 1 },
            ],
            'as it should be',
            {
              ...{ stroke: colour('muted'), strokeDasharray: '4 3' },
            },
          ),
          Plot.ruleX(known, {
            ...{ x: 'quantile', stroke, ariaDescription: 'two standard errors' },
            y1: (one) => bounded(one.below - 2 * one.standardError),
            y2: (one) => bounded(one.atMost + 2 * one.standardError),
          }),
          Plot.ruleX(known, {
            ...{ x: 'quantile', y1: 'below', y2: 'atMost', stroke, strokeWidth: 7 },
            ...{ strokeOpacity: 0.35, ariaDescription: 'observed shares' },
          }),
          Plot.dot(known, {
            ...{ x: 'quantile', y: middle, r: 3.5, stroke, title: words },
            fill: (one) => (one.isRight ? colour('forecast') : colour('ground')),
          }),
        ],
      },
    ],
  };
}

export function sharesByStep({ quantiles }: GroupReliability): Chart {
  const steps = quantiles[0]?.belowPerStep.length ?? 0;
  const domain: [number, number] = [1, Math.max(2, steps)];
  const middle = (one: QuantileReliability, k: number) =>
    ((one.belowPerStep[k] as number) + (one.atMostPerStep[k] as number)) / 2;
  const ticks = [1, Math.ceil(steps / 4), Math.ceil(steps / 2), Math.ceil((3 * steps) / 4), steps];
  const names = quantiles.map((one) => ({
    ...{ text: String(one.quantile), at: one.quantile, fill: colour('muted') },
  }));
  return {
    title: 'Observed shares by step',
    description: `Share of actuals below each of ${quantiles.length} quantiles, ${steps} steps.`,
    panels: [
      {
        ...FRAME,
        x: { domain, axis: null },
        y,
        marks: [
          ...shareAxis(),
          labelsBelow(
            [...new Set(ticks)]
              .filter((k) => k >= 1)
              .map((at) => ({ at, label: at === 1 ? 'step 1' : String(at) })),
            domain,
            FRAME,
          ),
          ...quantiles.flatMap((one) => {
            const rows = one.belowPerStep.map((low, k) => ({
              ...{ x: k + 1, low, high: one.atMostPerStep[k] as number },
            }));
            const tone = one.isRight ? 'forecast' : 'trouble';
            return [
              bandOf(rows, `quantile ${one.quantile}, observed`, colour('band80')),
              Plot.ruleY([one.quantile], { stroke: colour('muted'), strokeDasharray: '4 3' }),
              lineOf(
                rows.map(({ x }, k) => ({ x, y: middle(one, k) })),
                `quantile ${one.quantile}`,
                { stroke: colour(tone), strokeWidth: 1.8 },
              ),
            ];
          }),
          ...endLabels(names, [0, 1], FRAME),
        ],
      },
    ],
  };
}
