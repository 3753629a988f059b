/**
 * Purpose: a client that asks for forecasts all the time and checks every number.
 * Invariants: a forecast continues at its own cutoff and repeats the week exactly; everything else
 * is a problem document; every request has a reply within the limit, but while no service is up.
 */
import { HOUR, HOUR_ZERO } from '../fixtures/storage/features.ts';
import { demandAt, SERIES } from './demand.ts';

/** The limit of a handler, and what a busy machine adds. */
const REPLY_MS = 15_000;

interface Forecast {
  readonly cutoff: string;
  readonly quantiles: Readonly<Record<string, readonly (number | null)[]>>;
}

export class SoakClient {
  readonly counts: Record<string, number> = {};
  readonly wrong: string[] = [];
  slowestMs = 0;
  /** null while no service is up. */
  url: string | null = null;
  /** While descriptors are exhausted, connections may be closed. */
  mayBeClosed = false;
  #newest = 0;

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async askOnce(request: number): Promise<void> {
    const url = this.url;
    if (url === null) return;
    const series = request % SERIES.length;
    const started = performance.now();
    try {
      const response = await fetch(`${url}/v1/series/${SERIES[series]}/forecast`, {
        signal: AbortSignal.timeout(REPLY_MS),
      });
      const body = (await response.json()) as Forecast & { readonly code?: string };
      this.slowestMs = Math.max(this.slowestMs, performance.now() - started);
      this.count(response.ok ? 'forecasts' : `problem ${body.code}`);
      if (response.ok) this.#check(series, body);
      else if (![429, 503].includes(response.status) || body.code === undefined)
        this.wrong.push(`status ${response.status} ${JSON.stringify(body).slice(0, 200)}`);
    } catch (error) {
      if (this.url !== url || this.mayBeClosed) this.count('closed connections');
      else
        this.wrong.push(`no reply after ${Math.round(performance.now() - started)} ms: ${error}`);
    }
  }

  #check(series: number, { cutoff, quantiles }: Forecast): void {
    const last = (Date.parse(cutoff) - HOUR_ZERO) / HOUR;
    if (last < this.#newest - 1) this.count('older snapshots');
    this.#newest = Math.max(this.#newest, last);
    for (const [step, value] of (quantiles['0.5'] ?? []).entries()) {
      const expected = demandAt(series, last + 1 + step);
      if (value === null || Math.abs(value - expected) > 0.01)
        this.wrong.push(`${SERIES[series]} ${cutoff} step ${step}: ${value}, not ${expected}`);
    }
  }
}
