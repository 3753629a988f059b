/**
 * Purpose: what happened in the last two weeks, with one scrubber: at its time, what was known,
 * what served, why, and was it right.
 * Invariants: the scrubber obeys the address, as every view does; a native range input lies over
 * the lanes, so keys and screen readers need nothing of ours.
 * Fails: never.
 */
import { useMemo } from 'preact/hooks';
import { localDays } from '../../../platform/text/scales.ts';
import { intervalMs } from '../../data/forecast.ts';
import { serviceTime, shortVersion } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { Section } from '../../parts/section.tsx';
import { useStep } from '../../parts/use-step.ts';
import { AtThatTime } from './at-that-time.tsx';
import { type HealthProps, lanesOf } from './events.ts';

const DAY_MS = 86_400_000;
const DAYS = 14;
/** Labels of days that fit one below the other's end. */
const LABELS = 7;

export function Timeline({ overview, decisions, runs }: HealthProps) {
  const page = usePage();
  const { about, serving, labels } = page;
  const { domain } = about;
  const interval = intervalMs(domain.frequency);
  const cutoff = Date.parse(serving.cutoff);
  const times = useMemo(() => {
    const count = Math.max(2, Math.round((DAYS * DAY_MS) / interval));
    return Array.from({ length: count }, (_, i) => cutoff - (count - 1 - i) * interval);
  }, [cutoff, interval]);
  const from = times[0] as number;
  const until = (times.at(-1) as number) + interval;
  // What happened since the data ended is on it too.
  const end = Math.max(until, serviceTime(page));
  const { index, moveTo } = useStep(times, times.length - 1);
  const at = times[index] as number;
  const lanes = useMemo(
    () =>
      lanesOf({
        ...{ overview, decisions, runs, from, until: end },
        name: shortVersion,
      }),
    [overview, decisions, runs, from, end],
  );
  const { full, day } = labels;
  const left = (time: number) => `${(100 * (time - from)) / (end - from)}%`;
  const days = useMemo(() => localDays(times, domain.timeZone), [times, domain.timeZone]);
  const every = Math.max(1, Math.ceil(days.length / LABELS));
  return (
    <Section columns={12} title="What happened" note={`the line is ${full(at)}`}>
      <div class="timeline">
        {lanes.map(({ name, spans, marks }) => (
          <div class="lane" key={name}>
            <b>{name}</b>
            <div>
              {spans.map((span) => (
                <span
                  key={`${span.from} ${span.text}`}
                  class={span.isTrouble ? 'bad' : span.share === undefined ? '' : 'day'}
                  style={{
                    ...{ left: left(span.from), right: `calc(100% - ${left(span.until)})` },
                    '--share': `${Math.round(60 * (span.share ?? 0))}%`,
                  }}
                  title={`${name.toLowerCase()}: ${span.text}`}
                >
                  {span.text}
                </span>
              ))}
              {marks.map((mark) => (
                <i
                  key={`${mark.at} ${mark.text}`}
                  class={mark.isTrouble ? 'bad' : ''}
                  style={{ left: left(mark.at) }}
                  title={`${full(mark.at)} ${mark.text}`}
                />
              ))}
            </div>
          </div>
        ))}
        <div class="lane days">
          <b />
          <div>
            {days.map((time, i) =>
              i % every === 0 ? (
                <em key={time} style={{ left: left(time) }}>
                  {day(time)}
                </em>
              ) : null,
            )}
          </div>
        </div>
        <div class="over">
          <div class="knob" style={{ left: left(at) }} />
          <input
            type="range"
            min={0}
            max={times.length - 1}
            value={index}
            style={{ width: left(until) }}
            aria-label="Time"
            aria-valuetext={full(at)}
            onInput={(event) => moveTo(times[Number(event.currentTarget.value)] as number)}
          />
        </div>
      </div>
      <AtThatTime {...{ at, decisions }} />
    </Section>
  );
}
