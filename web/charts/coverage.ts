/**
 * Purpose: how many of 100 intervals held, step by step, next to how many should.
 * Invariants: pure; the level that should hold is a line with a name; steps near it lie in a grey
 * stripe, so that a reader sees at once which do not.
 * Fails: never; without a finite value there are axes only.
 */
import * as Plot from '@observablehq/plot';
import { ticksFor } from '../../reports/charts/data/forecast-data.ts';
import { colour } from '../../reports/charts/look.ts';
import {
  domainOf,
  endLabels,
  endMargin,
  labelsBelow,
  marginOf,
  verticalAxis,
} from '../../reports/charts/marks.ts';

export interface CoverageByStep {
  /** Shares from 0 to 1, step 1 first; NaN is unknown. */
  readonly values: readonly number[];
  readonly nominal: number;
  /** What a step is: "hours ahead". */
  readonly stepsAhead: string;
}

/** Points of a hundred that matter to nobody. */
export const NEAR = 4;
const HELD = 10;

export function coveragePanel(
  { values, nominal, stepsAhead }: CoverageByStep,
  width: number,
  height: number,
): Plot.PlotOptions {
  const should = 100 * nominal;
  const dots = values.flatMap((value, i) =>
    Number.isFinite(value)
      ? [{ step: i + 1, held: 100 * value, says: `step ${i + 1}: ${Math.round(100 * value)} held` }]
      : [],
  );
  const ticks = ticksFor([...dots.map(({ held }) => held), should - HELD, should + HELD], 4).filter(
    (tick) => tick <= 100,
  );
  const domain = domainOf(ticks);
  const steps: [number, number] = [1, Math.max(2, values.length)];
  const every = [1, 2, 3, 6, 12, 24, 48].find((count) => values.length / count <= width / 90) ?? 96;
  const labels = [{ text: `${Math.round(should)} should`, at: should, fill: colour('ink') }];
  const frame = {
    ...{ width, height, marginTop: 12, marginBottom: 48 },
    ...{ marginLeft: marginOf(ticks) + 4, marginRight: endMargin(labels) },
  };
  const named = values.map((_, i) => i + 1).filter((step) => step === 1 || step % every === 0);
  return {
    ...frame,
    x: { domain: steps, axis: null },
    y: { domain, axis: null, clamp: true },
    marks: [
      ...verticalAxis(ticks),
      Plot.rect([null], {
        ...{ x1: () => steps[0], x2: () => steps[1], fill: colour('sunken') },
        ...{ y1: () => should - NEAR, y2: () => should + NEAR, ariaDescription: 'near' },
      }),
      Plot.ruleX(dots, {
        ...{ x: 'step', y1: () => should, y2: 'held', stroke: colour('band50'), strokeWidth: 2 },
      }),
      Plot.ruleY([should], { stroke: colour('ink') }),
      Plot.dot(dots, {
        ...{ x: 'step', y: 'held', r: values.length > 48 ? 2 : 3.5, title: 'says' },
        ...{ fill: colour('forecast'), ariaDescription: 'held' },
      }),
      labelsBelow(
        named.map((at) => ({ at, label: String(at) })),
        steps,
        frame,
      ),
      Plot.text([stepsAhead], {
        ...{ text: (text: string) => text, frameAnchor: 'bottom', lineAnchor: 'top', dy: 28 },
        fill: colour('muted'),
      }),
      ...endLabels(labels, domain, frame),
    ],
  };
}
