/**
 * Purpose: the charts of a search: loss by rung for every candidate, and loss against one
 * parameter.
 * Invariants: a loss far above the others is drawn at the upper edge as a triangle, so that one bad
 * candidate does not flatten all the rest; a failed trial is not drawn.
 * Fails: never.
 */
import * as Plot from '@observablehq/plot';
import type { ReportedCandidate, TuningReport } from '../../services/training/tuning/report.ts';
import { colour } from './look.ts';
import { endLabels, endMargin, labelsBelow, lineOf, verticalAxis } from './marks.ts';
import type { Chart } from './svg.ts';

interface Mark {
  readonly x: number;
  readonly loss: number;
  readonly number: number;
  readonly says: string;
}

/** How far above the best the axis goes, in distances between the best and the median. */
const REACH = 2.5;

export const candidateName = (number: number): string =>
  number === 0 ? 'default' : `candidate ${number}`;

/** The best is blue, the default is the dashed benchmark, the others are grey. */
function styleOf(number: number, best: number) {
  if (number === best) return { stroke: colour('forecast'), strokeWidth: 2.25 };
  if (number === 0) return { stroke: colour('naive'), strokeWidth: 1.5, strokeDasharray: '4 3' };
  return { stroke: colour('muted'), strokeOpacity: 0.45, strokeWidth: 1 };
}

/** The best and the default last, so that they are on top. */
const byWeight = ({ candidates, best }: TuningReport): ReportedCandidate[] => {
  const weight = ({ number }: ReportedCandidate) => (number === best ? 2 : number === 0 ? 1 : 0);
  return [...candidates].reverse().sort((a, b) => weight(a) - weight(b));
};

export function lossByRung(report: TuningReport): Chart {
  const { rungs, best } = report;
  const axis = axisOf(report.candidates.flatMap(({ rungs: own }) => own.map(({ loss }) => loss)));
  const domain: [number, number] = [-0.1, Math.max(0, rungs.length - 1) + 0.1];
  const lines = byWeight(report).map(({ number, rungs: own }) => ({
    number,
    marks: own.flatMap(({ loss, steps }, x): Mark[] =>
      loss === null
        ? []
        : [
            {
              x,
              loss,
              number,
              says: `${candidateName(number)} at ${steps} steps: ${loss.toFixed(4)}`,
            },
          ],
    ),
  }));
  const named = lines.filter(({ number }) => number === best || number === 0);
  const labels = named.map(({ number, marks }) => ({
    text: number === best ? `best: ${candidateName(number)}` : candidateName(number),
    at: Math.min(axis.high, marks[marks.length - 1]?.loss ?? Number.NaN),
    fill: styleOf(number, best).stroke,
    isBold: number === best,
  }));
  const frame = {
    ...{ width: 960, height: 320, marginTop: 12, marginBottom: 48, marginLeft: 56 },
    marginRight: endMargin(labels),
  };
  return {
    title: 'Loss by rung',
    description: `Loss of ${report.candidates.length} candidates by training steps.`,
    panels: [
      {
        ...frame,
        x: { domain, axis: null },
        y: { domain: [axis.low, axis.high], axis: null },
        marks: [
          ...lossAxis(axis),
          Plot.ruleX(
            rungs.map((_, rung) => rung),
            { stroke: colour('line') },
          ),
          labelsBelow(
            rungs.map(({ steps }, at) => ({ at, label: `${steps} steps` })),
            domain,
            frame,
          ),
          labelsBelow(
            rungs.map(({ candidates }, at) => ({ at, label: `${candidates} candidates` })),
            domain,
            frame,
            { dy: 26 },
          ),
          ...lines.map(({ number, marks }) =>
            lineOf(
              marks.map(({ x, loss }) => ({ x, y: Math.min(loss, axis.high) })),
              candidateName(number),
              styleOf(number, best),
            ),
          ),
          ...dots(
            lines.flatMap(({ marks }) => marks),
            axis,
            best,
          ),
          ...endLabels(labels, [axis.low, axis.high], frame),
        ],
      },
    ],
  };
}

export function lossByValue(
  report: TuningReport,
  { name, isLogarithmic }: TuningReport['parameters'][number],
): Chart {
  const known = byWeight(report).flatMap(({ number, values, rungs }) => {
    const loss = rungs[0]?.loss;
    return loss == null ? [] : [{ number, value: values[name] as number, loss }];
  });
  const axis = axisOf(known.map(({ loss }) => loss));
  const values = [...new Set(known.map(({ value }) => value))].sort((a, b) => a - b);
  const [low, high] = [values[0] ?? 1, values.at(-1) ?? 1];
  // A choice among a few values gets a place for each; a range is drawn by order of magnitude.
  const shareOf = (value: number): number => {
    if (low === high) return 0.5;
    return isLogarithmic
      ? Math.log(value / low) / Math.log(high / low)
      : values.indexOf(value) / (values.length - 1);
  };
  const frame = {
    ...{ width: 300, height: 180, marginTop: 10, marginRight: 12, marginBottom: 28 },
    marginLeft: 52,
  };
  const domain: [number, number] = [-0.06, 1.06];
  const shown = isLogarithmic ? [...new Set([low, high])] : values;
  const marks = known.map(({ number, value, loss }) => ({
    ...{ x: shareOf(value), loss, number },
    says: `${candidateName(number)}: ${value}, loss ${loss.toFixed(4)}`,
  }));
  return {
    title: `Loss by ${name}`,
    description: `Loss of every candidate in the first rung against ${name}, ${low} to ${high}.`,
    panels: [
      {
        ...frame,
        x: { domain, axis: null },
        y: { domain: [axis.low, axis.high], axis: null },
        marks: [
          ...lossAxis(axis),
          labelsBelow(
            shown.map((value) => ({ at: shareOf(value), label: label(value) })),
            domain,
            frame,
          ),
          ...dots(marks, axis, report.best),
        ],
      },
    ],
  };
}

const label = (value: number): string => String(Number(value.toPrecision(3)));

interface Axis {
  readonly low: number;
  readonly high: number;
}

/** From a little below the lowest loss to the highest, or to where the reach ends. */
function axisOf(losses: readonly (number | null)[]): Axis {
  const known = losses.filter((loss) => loss !== null).sort((a, b) => a - b);
  const [lowest, median, highest] = [
    known[0] ?? 0,
    known[known.length >> 1] ?? 1,
    known.at(-1) ?? 1,
  ];
  const reach = median > lowest ? lowest + REACH * (median - lowest) : highest;
  const high = Math.max(Math.min(highest, reach), lowest + 1e-6);
  const margin = 0.06 * (high - lowest);
  return { low: lowest - margin, high: high + margin };
}

const lossAxis = ({ low, high }: Axis): Plot.Markish[] =>
  verticalAxis(
    [0, 0.5, 1].map((share) => low + share * (high - low)),
    (loss) => loss.toFixed(3),
  );

function dots(marks: readonly Mark[], { high }: Axis, best: number): Plot.Markish[] {
  const fill = ({ number }: Mark) =>
    colour(number === best ? 'forecast' : number === 0 ? 'naive' : 'muted');
  const common = { x: 'x', title: 'says', fill } as const;
  const fillOpacity = ({ number }: Mark) => (number === best || number === 0 ? 1 : 0.6);
  return [
    Plot.dot(
      marks.filter(({ loss }) => loss <= high),
      { ...common, y: 'loss', r: 3.5, fillOpacity, ariaDescription: 'candidates' },
    ),
    Plot.dot(
      marks.filter(({ loss }) => loss > high),
      { ...common, y: () => high, r: 4, symbol: 'triangle', ariaDescription: 'far above' },
    ),
  ];
}
