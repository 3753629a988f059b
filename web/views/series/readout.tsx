/**
 * Purpose: the numbers of one interval in one line.
 * Invariants: the API's own numbers, with four significant digits.
 * Fails: never; what is not known is a dash.
 */
import { bandFor, type Columns, naiveName } from '../../data/forecast.ts';
import { usePage } from '../../data/page-context.ts';
import { held, type PastForecast } from '../../data/record.ts';
import { exact } from '../../parts/format.ts';

interface ReadoutProps {
  readonly columns: Columns;
  readonly earlier: readonly PastForecast[];
  readonly index: number;
  readonly unit: string;
}

export function Readout({ columns, earlier, index, unit }: ReadoutProps) {
  const { about, labels } = usePage();
  const { domain } = about;
  const { pastTimes, times, actual, median, mean, bands, naive } = columns;
  const step = index - pastTimes.length;
  const time = step < 0 ? pastTimes[index] : times[step];
  const { full } = labels;
  const band = bandFor(bands);
  const before = step < 0 ? earlier.find((one) => one.time === time) : undefined;
  return (
    <p class="readout" aria-live="polite">
      <b>{time === undefined ? '' : full(time)}</b>
      {step < 0 ? (
        <>
          <span>
            actual <b>{exact(actual[index] as number)}</b>
          </span>
          {before && <Before one={before} />}
        </>
      ) : (
        <>
          <span class="forecast">
            median <b>{exact(median[step] as number)}</b>
          </span>
          <span class="forecast">mean {exact(mean[step] as number)}</span>
          {band && (
            <span>
              {band.level} % {exact(band.lower[step] as number)} –{' '}
              {exact(band.upper[step] as number)}
            </span>
          )}
          <span class="naive">
            {naiveName(domain)} {exact(naive[step] as number)}
          </span>
        </>
      )}
      <span class="unit">{unit}</span>
    </p>
  );
}

function Before({ one }: { readonly one: PastForecast }) {
  const isHeld = held(one);
  return (
    <>
      <span class="forecast">
        forecast {one.step} ahead {exact(one.median)}
      </span>
      {isHeld !== null && (
        <span>
          {one.level} % {exact(one.lower)} – {exact(one.upper)}, {isHeld ? 'held' : 'missed'}
        </span>
      )}
    </>
  );
}
