/**
 * Purpose: were the forecasts of this series right: what fell inside its interval, day by day, and
 * the errors so far.
 * Invariants: the figures are the API's; the bars count the last forecast before each interval.
 * Fails: in words, where nothing has been scored yet.
 */
import { intervalNoun } from '../../data/forecast.ts';
import { usePage } from '../../data/page-context.ts';
import { held, type PastForecast, type SeriesRecord } from '../../data/record.ts';
import { counted, exact, percent, plural } from '../../parts/format.ts';
import { Pairs, Section } from '../../parts/section.tsx';

export interface WereWeRightProps {
  readonly record: SeriesRecord | null;
  readonly latest: readonly PastForecast[];
}

interface Day {
  readonly label: string;
  readonly held: number;
  readonly of: number;
}

export function WereWeRight({ record, latest }: WereWeRightProps) {
  const { about, labels } = usePage();
  const { domain } = about;
  const days = daysOf(latest, labels.day);
  if (record === null || record.score === null || days.length === 0)
    return (
      <Section columns={4} title="Were we right?">
        <p class="soft">
          {record === null
            ? ' '
            : 'No forecast of the last 7 days of the data has been scored yet.'}
        </p>
      </Section>
    );
  const { mae, bias, coverage, nominal, pairs } = record.score;
  const noun = counted(domain.unit);
  return (
    <Section columns={4} title="Were we right?" note="the last 7 days of the data">
      <HeldBars days={days} nominal={nominal} what={plural(intervalNoun(domain))} />
      <Pairs
        rows={[
          [`inside their ${percent(nominal)} interval`, `${percent(coverage)} of ${exact(pairs)}`],
          ['mean error of the median', `${exact(mae)} ${noun}`],
          ['bias', `${exact(bias)} ${noun}, ${bias > 0 ? 'too high' : 'too low'}`],
        ]}
      />
    </Section>
  );
}

function daysOf(latest: readonly PastForecast[], day: (time: number) => string): Day[] {
  const days = new Map<string, Day>();
  for (const one of latest) {
    const isHeld = held(one);
    if (isHeld === null) continue;
    const label = day(one.time);
    const before = days.get(label) ?? { label, held: 0, of: 0 };
    days.set(label, { label, held: before.held + (isHeld ? 1 : 0), of: before.of + 1 });
  }
  return [...days.values()];
}

interface HeldBarsProps {
  readonly days: readonly Day[];
  readonly nominal: number;
  readonly what: string;
}

const HEIGHT = 72;

function HeldBars({ days, nominal, what }: HeldBarsProps) {
  const said = days.map(({ label, held, of }) => `${label}: ${held} of ${of}`).join(', ');
  return (
    <div class="held" role="img" aria-label={`${what} inside their interval. ${said}`}>
      {days.map(({ label, held, of }) => (
        <div key={label}>
          <b>{percent(held / of).replace(' %', '')}</b>
          <i style={{ height: `${HEIGHT}px` }}>
            <u style={{ height: `${(100 * held) / of}%` }} />
          </i>
          <span>{label.slice(0, 3)}</span>
        </div>
      ))}
      <em style={{ bottom: `${24 + nominal * HEIGHT}px` }}>
        <span>{percent(nominal)} should</span>
      </em>
    </div>
  );
}
