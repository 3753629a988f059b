/**
 * Purpose: why the forecast of one step is what it is: parts that add up, as bars from left to
 * right.
 * Invariants: baseline and parts are the API's, and sum to the median forecast of the step.
 * Fails: in words, where the service cannot explain.
 */
import { dataOf } from '../../../clients/typescript/headway-client.ts';
import { usePage } from '../../data/page-context.ts';
import { useData } from '../../data/use-data.ts';
import { exact } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

export interface WhyProps {
  readonly seriesId: string;
  readonly step: number;
  /** A baseline forecasts: there is nothing to explain. */
  readonly isBaseline: boolean;
}

interface Bar {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly kind: 'base' | 'part' | 'sum';
}

export function Why({ seriesId: id, step, isBaseline }: WhyProps) {
  const { hour } = usePage().labels;
  const { value, trouble } = useData(isBaseline ? null : `why ${id}`, ({ GET }) =>
    dataOf(GET('/v1/series/{id}/explanation', { params: { path: { id } } })),
  );
  if (value === null)
    return (
      <Section columns={4} title="Why">
        <p class="soft">
          {isBaseline
            ? 'The forecast is a baseline: it repeats the past, and has no parts.'
            : trouble
              ? `${trouble.problem?.detail ?? 'Not available'}.`
              : ' '}
        </p>
      </Section>
    );
  const time = value.timestamps[step];
  const total = value.forecast.values[step] as number;
  // The same decimals everywhere, so that the reader can add up.
  const decimals = total >= 100 ? 0 : total >= 1 ? 1 : 3;
  const shown = (one: number) => exact(Number(one.toFixed(decimals)) + 0);
  const bars: Bar[] = [];
  let sum = value.baseline.values[step] as number;
  bars.push({ name: 'usual at this hour', from: 0, to: sum, label: shown(sum), kind: 'base' });
  for (const { name, title, values } of value.parts) {
    const by = values[step] as number;
    if (name !== 'rounding' || Number(by.toFixed(decimals)) !== 0)
      bars.push({
        name: title,
        from: sum,
        to: sum + by,
        label: `${by > 0 ? '+' : ''}${shown(by)}`,
        kind: 'part',
      });
    sum += by;
  }
  bars.push({ name: 'median forecast', from: 0, to: total, label: shown(total), kind: 'sum' });
  const when = time === undefined ? '' : ` at ${hour(Date.parse(time))}`;
  return (
    <Section columns={4} title={`Why ${shown(total)}${when}`} note="parts that add up">
      <Bars bars={bars} />
    </Section>
  );
}

function Bars({ bars }: { readonly bars: readonly Bar[] }) {
  const ends = bars.flatMap(({ from, to }) => [from, to]);
  const low = Math.min(0, ...ends);
  const span = Math.max(...ends) - low || 1;
  const share = (value: number) => `${((value - low) / span) * 100}%`;
  return (
    <ol class="why">
      {bars.map(({ name, from, to, label, kind }) => (
        <li key={name} class={kind}>
          <span>{name}</span>
          <i>
            <u
              style={{
                left: share(Math.min(from, to)),
                right: `calc(100% - ${share(Math.max(from, to))})`,
              }}
            />
          </i>
          <b>{label}</b>
        </li>
      ))}
    </ol>
  );
}
