/**
 * Purpose: the figures of bench/serve.ts as a table, each next to its bar.
 * Invariants: a bar that could not be judged is not called met.
 * Fails: never.
 */
import Table from 'cli-table3';
import type { Checked } from './check.ts';
import type { KindLoad } from './load.ts';
import type { Slope } from './memory.ts';

/** What the project promises. */
export const BARS = { toBare: 0.85, postPerSecond: 1000, postP99Ms: 60, delayP99Ms: 50 };

/** Medians of several runs. */
export interface Latency {
  readonly rate: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly failures: number;
}

export interface Figures {
  readonly get: {
    readonly per_second: number;
    readonly bare_per_second: number;
    readonly cpu_us: number;
    readonly bare_cpu_us: number;
    readonly body_bytes: number;
    readonly failures: number;
  };
  readonly post: {
    readonly per_second: number;
    readonly history_values: number;
    /** At half of the promised requests a second, and of the measured ceiling. */
    readonly half: { readonly promised: Latency; readonly ceiling: Latency };
  };
  readonly mixed: Checked & {
    readonly seconds: number;
    readonly swaps: number;
    readonly rate: number;
    readonly ceiling_per_second: number;
    readonly reached_per_second: number;
    readonly kinds: Readonly<Record<string, KindLoad>>;
    readonly failures: Readonly<Record<string, number>>;
    readonly failed: number;
    readonly delay_p50_ms: number;
    readonly delay_p99_ms: number;
    readonly delay_max_ms: number;
    readonly memory: Slope | null;
  };
  readonly machine: {
    readonly node: string;
    readonly cpus: number;
    readonly load_before: number;
    readonly load_after: number;
  };
}

export const met = ({ get, post, mixed }: Figures) => ({
  get_to_bare: get.per_second >= BARS.toBare * get.bare_per_second,
  post_per_second: post.per_second >= BARS.postPerSecond,
  post_p99: post.half.promised.p99_ms < BARS.postP99Ms,
  no_failed_response:
    get.failures + post.half.promised.failures + post.half.ceiling.failures + mixed.failed === 0,
  no_wrong_response: mixed.wrong === 0 && mixed.responses > 0,
  memory_flat: mixed.memory?.is_flat === true,
  delay_p99: mixed.delay_p99_ms < BARS.delayP99Ms,
});

const whole = (value: number): string => value.toFixed(0);
const ms = (value: number): string => `${value.toFixed(1)} ms`;

export function report(figures: Figures): void {
  const { get, post, mixed, machine } = figures;
  const { half } = post;
  const isMet = met(figures);
  const bar = (text: string, held: boolean): string => `${text}: ${held ? 'met' : 'missed'}`;
  const table = new Table({ head: ['', 'measured', 'bar'], style: { head: [], border: [] } });
  const ratio = (ours: number, other: number): string => (ours / other).toFixed(2);
  table.push(
    [
      `GET one forecast (${get.body_bytes} bytes)`,
      `${whole(get.per_second)}/s: ${ratio(get.per_second, get.bare_per_second)} of a bare ` +
        `app (${whole(get.bare_per_second)}/s), ${whole(get.cpu_us)} µs of CPU time against ` +
        `${whole(get.bare_cpu_us)}`,
      bar(`${BARS.toBare}`, isMet.get_to_bare),
    ],
    [
      `POST ${post.history_values} values of your own`,
      `${whole(post.per_second)}/s`,
      bar(`${BARS.postPerSecond}/s`, isMet.post_per_second),
    ],
    [
      `… at ${whole(half.promised.rate)}/s, half of what is promised`,
      `p50 ${ms(half.promised.p50_ms)}, p99 ${ms(half.promised.p99_ms)}`,
      bar(`p99 ${BARS.postP99Ms} ms`, isMet.post_p99),
    ],
    [
      `… at ${whole(half.ceiling.rate)}/s, half of its ceiling`,
      `p50 ${ms(half.ceiling.p50_ms)}, p99 ${ms(half.ceiling.p99_ms)}`,
      '',
    ],
    [
      `Mixed, ${whole(mixed.seconds)} s, ${mixed.swaps} swaps`,
      `${whole(mixed.reached_per_second)}/s of a ceiling of ` +
        `${whole(mixed.ceiling_per_second)}/s; ${mixed.responses} responses of ` +
        `${mixed.versions} pairs of versions`,
      '',
    ],
    [
      '… failed',
      `${mixed.failed} ${mixed.failed > 0 ? JSON.stringify(mixed.failures) : ''}`,
      bar('0 in all', isMet.no_failed_response),
    ],
    [
      '… wrong or mixed',
      `${mixed.wrong} (and ${mixed.fallbacks} labelled fallbacks)`,
      bar('0', isMet.no_wrong_response),
    ],
    [
      '… event-loop delay',
      `p99 ${ms(mixed.delay_p99_ms)}, most ${ms(mixed.delay_max_ms)}`,
      bar(`p99 ${BARS.delayP99Ms} ms`, isMet.delay_p99),
    ],
    [
      '… memory, worker included',
      mixed.memory
        ? `${whole(mixed.memory.mean_mb)} MB, ${mixed.memory.mb_per_minute.toFixed(2)} ± ` +
          `${mixed.memory.standard_error.toFixed(2)} MB a minute`
        : 'not watched',
      bar('flat', isMet.memory_flat),
    ],
  );
  for (const [name, { p50Ms, p99Ms, count }] of Object.entries(mixed.kinds))
    table.push([`… latency of ${name}`, `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)} of ${count}`, '']);
  console.log(table.toString());
  if (mixed.example) console.log(`first wrong response: ${mixed.example}`);
  console.log(
    `Node ${machine.node}, ${machine.cpus} cores; load of the machine ` +
      `${machine.load_before.toFixed(1)} before, ${machine.load_after.toFixed(1)} after`,
  );
}
