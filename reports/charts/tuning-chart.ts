/**
 * Purpose: the pictures of a search's page: loss by rung for every candidate, and loss against one
 * parameter.
 * Invariants: inline SVG that takes its colours from the page; a loss far beyond the others is
 * drawn at the upper edge as a triangle, so that one bad candidate does not flatten all the rest;
 * what failed is not drawn.
 * Fails: never.
 */
import type { ReportedCandidate, TuningReport } from '../../services/training/tuning/report.ts';

interface Axis {
  readonly low: number;
  readonly high: number;
}

/** How far above the best the axis goes, in distances between the best and the median. */
const REACH = 2.5;

const nameOf = (number: number): string => (number === 0 ? 'default' : `candidate ${number}`);
const kindOf = (number: number, best: number): string =>
  number === best ? ' best' : number === 0 ? ' own' : '';
/** The best and the default last, so that they lie on top. */
const byWeight = ({ candidates, best }: TuningReport): ReportedCandidate[] =>
  [...candidates]
    .reverse()
    .sort((a, b) => kindOf(a.number, best).length - kindOf(b.number, best).length);

export function lossByRung(report: TuningReport): string {
  const { rungs, best } = report;
  const [width, height, left, right, top, bottom] = [720, 300, 52, 90, 12, 268];
  const axis = axisOf(report.candidates.flatMap(({ rungs: own }) => own.map(({ loss }) => loss)));
  const x = (rung: number) =>
    rungs.length < 2
      ? (left + width - right) / 2
      : left + (rung * (width - right - left)) / (rungs.length - 1);
  const y = (loss: number) => position(axis, loss, top, bottom);
  const lines = byWeight(report).map(({ number, rungs: own }) => {
    const points = own.flatMap(({ loss, steps }, rung) =>
      loss === null ? [] : [{ rung, loss, steps }],
    );
    const path = points
      .map(({ rung, loss }) => `${x(rung).toFixed(1)},${y(loss).toFixed(1)}`)
      .join(' ');
    const kind = kindOf(number, best);
    const dots = points.map(({ rung, loss, steps }) =>
      mark(
        x(rung),
        y(loss),
        loss > axis.high,
        kind,
        `${nameOf(number)} at ${steps} steps: ${loss.toFixed(4)}`,
      ),
    );
    return `${points.length > 1 ? `<polyline class="line${kind}" points="${path}"/>` : ''}${dots.join('')}`;
  });
  const ticks = rungs.map(
    ({ steps, candidates }, rung) =>
      `<line class="axis" x1="${x(rung).toFixed(1)}" x2="${x(rung).toFixed(1)}" y1="${top}" y2="${bottom}"/>` +
      `<text x="${x(rung).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${steps} steps</text>` +
      `<text x="${x(rung).toFixed(1)}" y="${bottom + 30}" text-anchor="middle">${candidates} candidates</text>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${lossTicks(axis, left, width - right, top, bottom)}${ticks.join('')}${lines.join('')}</svg>`;
}

export function lossByValue(
  report: TuningReport,
  { name, isLogarithmic }: TuningReport['parameters'][number],
): string {
  const [width, height, left, right, top, bottom] = [300, 170, 46, 12, 10, 142];
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
  const x = (value: number) => left + 10 + shareOf(value) * (width - right - left - 20);
  const dots = known.map(({ number, value, loss }) =>
    mark(
      x(value),
      position(axis, loss, top, bottom),
      loss > axis.high,
      kindOf(number, report.best),
      `${nameOf(number)}: ${value}, loss ${loss.toFixed(4)}`,
    ),
  );
  const shown = isLogarithmic ? [...new Set([low, high])] : values;
  const labels = shown.map(
    (value) =>
      `<text x="${x(value).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${value}</text>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${lossTicks(axis, left, width - right, top, bottom)}${labels.join('')}${dots.join('')}</svg>`;
}

/** From a little below the least loss to the greatest, or to where the reach ends. */
function axisOf(losses: readonly (number | null)[]): Axis {
  const known = losses.filter((loss) => loss !== null).sort((a, b) => a - b);
  const [least, median, most] = [known[0] ?? 0, known[known.length >> 1] ?? 1, known.at(-1) ?? 1];
  const reach = median > least ? least + REACH * (median - least) : most;
  const high = Math.max(Math.min(most, reach), least + 1e-6);
  const margin = 0.06 * (high - least);
  return { low: least - margin, high: high + margin };
}

const position = ({ low, high }: Axis, loss: number, top: number, bottom: number): number =>
  bottom - ((Math.min(loss, high) - low) / (high - low)) * (bottom - top);

function lossTicks(axis: Axis, left: number, right: number, top: number, bottom: number): string {
  return [0, 0.5, 1]
    .map((share) => {
      const y = (bottom - share * (bottom - top)).toFixed(1);
      const loss = axis.low + share * (axis.high - axis.low);
      return `<line class="axis" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/><text x="${left - 6}" y="${Number(y) + 4}" text-anchor="end">${loss.toFixed(3)}</text>`;
    })
    .join('');
}

function mark(x: number, y: number, isBeyond: boolean, kind: string, title: string): string {
  const [cx, cy] = [x.toFixed(1), y.toFixed(1)];
  const radius = kind === '' ? 3.5 : 4.5;
  const shape = isBeyond
    ? `<path class="dot${kind}" d="M${cx} ${(y - 5).toFixed(1)}l5 9h-10z">`
    : `<circle class="dot${kind}" cx="${cx}" cy="${cy}" r="${radius}">`;
  return `${shape}<title>${title}</title></${isBeyond ? 'path' : 'circle'}>`;
}
