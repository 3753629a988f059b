/**
 * Purpose: what happened in the last two weeks, lane by lane, and what was known, what served, why,
 * and was it right at the time of the scrubber.
 * Invariants: the line is the time of the address, as in every view; a click moves it, for whom the
 * scrubber is too coarse. The lanes go on to this moment, after the data ended.
 * Fails: never.
 */
import { useMemo, useRef } from 'preact/hooks';
import { localDays } from '../../../platform/text/scales.ts';
import { indexAt, intervalMs } from '../../data/forecast.ts';
import { serviceTime, shortVersion } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { shownTime } from '../../data/timeline.ts';
import { AtThatTime, useForecastThen } from '../../parts/at-that-time.tsx';
import { Section } from '../../parts/section.tsx';
import { useSettled } from '../../parts/use-settled.ts';
import { type HealthProps, type Lane, lanesOf } from './events.ts';

const DAY_MS = 86_400_000;
const DAYS = 14;
/** Labels of days that fit one below the other's end. */
const LABELS = 7;

export function Timeline({ overview, decisions, runs }: HealthProps) {
  const page = usePage();
  const { about, address, go, labels, series, serving, timeline } = page;
  const interval = intervalMs(about.domain.frequency);
  const cutoff = Date.parse(serving.cutoff);
  const from = timeline?.times[0] ?? cutoff - DAYS * DAY_MS;
  // What happened since the data ended is on it too.
  const end = Math.max(cutoff + interval, serviceTime(page));
  const at = shownTime(address.at, timeline) ?? cutoff;
  const one = series.find(({ seriesId }) => seriesId === address.id) ?? series[0];
  const asOf = useForecastThen(one?.seriesId ?? null, useSettled(at));
  const lanes = useMemo(
    () => lanesOf({ ...{ overview, decisions, runs, from, until: end }, name: shortVersion }),
    [overview, decisions, runs, from, end],
  );
  const place = (time: number) =>
    `${(100 * (Math.min(end, Math.max(from, time)) - from)) / (end - from)}%`;
  const over = useRef<HTMLDivElement>(null);
  const pick = (event: PointerEvent) => {
    const { left, width } = (over.current as HTMLDivElement).getBoundingClientRect();
    const time = from + ((event.clientX - left) / width) * (end - from);
    const times = timeline?.times ?? [];
    go({ at: times[indexAt(times, time)] ?? time });
  };
  const days = useMemo(
    () => localDays(timeline?.times ?? [], about.domain.timeZone).filter((time) => time < end),
    [timeline, about, end],
  );
  const isAhead = at > end;
  const note = isAhead ? 'the scrubber is ahead of it' : `the line is ${labels.full(at)}`;
  return (
    <Section columns={12} title="What happened" note={note}>
      <div class="timeline" role="presentation" onPointerDown={pick}>
        {lanes.map((lane) => (
          <LaneRow key={lane.name} lane={lane} place={place} />
        ))}
        <div class="lane days">
          <b />
          <div>
            {days.map((time, i) =>
              i % Math.max(1, Math.ceil(days.length / LABELS)) === 0 ? (
                <em key={time} style={{ left: place(time) }}>
                  {labels.day(time)}
                </em>
              ) : null,
            )}
          </div>
        </div>
        <div class="over" ref={over}>
          {!isAhead && <div class="knob" style={{ left: place(at) }} />}
        </div>
      </div>
      <AtThatTime {...{ at, series: one }} then={asOf} />
    </Section>
  );
}

interface LaneRowProps {
  readonly lane: Lane;
  readonly place: (time: number) => string;
}

function LaneRow({ lane: { name, spans, marks }, place }: LaneRowProps) {
  const { full } = usePage().labels;
  return (
    <div class="lane">
      <b>{name}</b>
      <div>
        {spans.map((span) => (
          <span
            key={`${span.from} ${span.text}`}
            class={span.isTrouble ? 'bad' : span.share === undefined ? '' : 'day'}
            style={{
              ...{ left: place(span.from), right: `calc(100% - ${place(span.until)})` },
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
            style={{ left: place(mark.at) }}
            title={`${full(mark.at)} ${mark.text}`}
          />
        ))}
      </div>
    </div>
  );
}
