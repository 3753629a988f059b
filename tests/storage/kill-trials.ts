/**
 * Purpose: writers that are killed with SIGKILL at one moment after another, and what must hold
 * after each kill: the store verifies, everything that was acknowledged is there, and a commit that
 * was not acknowledged is there wholly or not at all.
 * Invariants: real processes, one at a time; while one works, the next is loading. Moments are
 * spread over all calls of a whole run, from the first to past the last; `offset` shifts them, so
 * that several trials meet them all.
 * Fails: with the expectation that does not hold, or with what a child said before it ended by
 * itself.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { fixedClock } from '../../runtime/clock.ts';
import { openFeatureStore } from '../../storage/feature-store.ts';
import { openForecastLog } from '../../storage/forecast-log.ts';
import { openModelRegistry } from '../../storage/model-registry.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { hour, NOW } from './feature-fixtures.ts';

const CHILD = fileURLToPath(new URL('./children/killed-writer.ts', import.meta.url));
const HOUR_MS = 3_600_000;

/** Where writers are killed. */
export interface KilledStore {
  /** What a child opens: a folder, or an address. */
  readonly location: string;
  readonly store: ObjectStore;
  /**
   * Told before a child begins, for stores whose server does the killing: it counts the child's
   * requests from here on.
   */
  arm?(kill: () => void, dieAt: Moment): void;
  /**
   * How many moments and writes there were for the child that ended last, where the child itself
   * cannot count them.
   */
  moments?(): Counted;
}

/**
 * The n-th moment, 0 for never; or "m+n": n moments after the m-th write of an object (0: just
 * before it is done).
 */
export type Moment = number | `${number}+${number}`;

export interface Counted {
  readonly calls: number;
  readonly writes: number;
}

/**
 * The calls from the link of an entry to its acknowledgement: link, then opening, flushing and
 * closing the folder, and unlink.
 */
const AFTER_ENTRY = 5;

interface Ended {
  readonly lines: string[];
  readonly signal: string | null;
}

/** Starts a writer that loads and then waits to be told at which call to die. */
function startWriter(
  on: KilledStore,
  rawFolder: string,
  what: string,
  tag: number,
): (dieAt: Moment) => Promise<Ended> {
  const args = ['--import', 'tsx', CHILD, on.location, rawFolder, what, String(tag)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [out, errors] = [text(child.stdout), text(child.stderr)];
  const ended: Promise<Ended> = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', async (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(await errors));
      else resolve({ lines: (await out).split('\n').filter(Boolean), signal });
    });
  });
  // A writer that fails while another one works must not end this process.
  ended.catch(() => undefined);
  return (dieAt) => {
    on.arm?.(() => child.kill('SIGKILL'), dieAt);
    child.stdin.end(String(dieAt));
    return ended;
  };
}

function writers(on: KilledStore, rawFolder: string, what: string) {
  let tag = 1;
  let next = startWriter(on, rawFolder, what, tag);
  return {
    async run(dieAt: Moment): Promise<Ended & { tag: number; counted: Counted }> {
      const [current, mine] = [next, tag];
      next = startWriter(on, rawFolder, what, ++tag);
      const { lines, signal } = await current(dieAt);
      const said = lines.at(-1)?.startsWith('calls ') ? lines.pop()?.split(' ') : undefined;
      const counted = on.moments?.() ?? {
        calls: Number(said?.[1] ?? 0),
        writes: Number(said?.[2] ?? 0),
      };
      return { lines, signal, tag: mine, counted };
    },
    /** The last writer, which is loading already, runs to its end. */
    async last(): Promise<string[]> {
      const { lines, signal } = await next(0);
      expect(signal).toBeNull();
      return lines.filter((line) => !line.startsWith('calls '));
    },
  };
}

/** `count` of the moments 1 … calls, evenly, beginning `offset` (0 … 1) of a stride later. */
export const momentsOf = (calls: number, count: number, offset: number): number[] =>
  Array.from(
    { length: count },
    (_, i) => 1 + Math.min(calls - 1, Math.floor(((i + offset) * calls) / count)),
  );

/**
 * `kills` moments, spread over a whole run as the second was (the first also makes folders); and,
 * because later writers find more and so call more often, those around the entry that commits,
 * counted from its write. On S3 there are two: before it, and when it is done and not answered.
 */
function momentsIn({ calls, writes }: Counted, { kills, offset = 0, on }: Trial): Moment[] {
  const around = Array.from(
    { length: on.moments ? 2 : AFTER_ENTRY },
    (_, n): Moment => `${writes}+${n}`,
  );
  return [...momentsOf(calls, kills - around.length, offset), ...around];
}

interface Trial {
  readonly on: KilledStore;
  readonly rawFolder: string;
  readonly kills: number;
  readonly offset?: number;
}

export async function killFeatureWriters(trial: Trial): Promise<void> {
  const { on, rawFolder } = trial;
  const features = openFeatureStore({ store: on.store, domain: 'toy', clock: fixedClock(NOW) });
  const { run, last } = writers(on, rawFolder, 'features');
  const acknowledged = [...(await run(0)).lines];
  const usual = await run(0);
  acknowledged.push(...usual.lines);
  for (const dieAt of momentsIn(usual.counted, trial)) {
    const before = await features.log();
    const { lines, signal, tag } = await run(dieAt);
    expect([dieAt, signal]).toEqual([dieAt, 'SIGKILL']);
    acknowledged.push(...lines);
    expect((await features.verify()).problems).toEqual([]);
    const after = await features.log();
    const parts = after.at(-1)?.objects.map(({ part }) => part);
    // Wholly or not at all: one entry more with one object more, or what was there before.
    const isThere = after.length > before.length;
    expect(after.slice(0, before.length)).toEqual(before);
    expect(parts).toEqual([
      ...(before.at(-1)?.objects.map(({ part }) => part) ?? []),
      ...(isThere ? [String(tag)] : []),
    ]);
    expect(isThere || lines.length === 0).toBe(true);
  }
  // Killed after its entry was made: there, and nobody was told.
  const untold = (await features.log()).length - acknowledged.length;
  expect(untold).toBeGreaterThan(0);
  const lines = await last();
  const log = await features.log();
  expect(log.map(({ snapshotVersion }) => snapshotVersion)).toEqual(
    expect.arrayContaining([...acknowledged, ...lines]),
  );
  expect(log.at(-1)?.snapshotVersion).toBe(lines[0]);
  const whole = await features.readAsOf();
  const { panel } = await features.readOnline();
  for (const { columns, start } of [whole, panel]) {
    for (const { part } of log.at(-1)?.objects ?? []) {
      expect(columns.target[(hour(Number(part)) - start) / HOUR_MS]).toBe(Number(part));
    }
  }
}

export async function killModelWriters(trial: Trial): Promise<void> {
  const { on, rawFolder } = trial;
  const models = openModelRegistry({ store: on.store, domain: 'toy', clock: fixedClock(NOW) });
  const { run, last } = writers(on, rawFolder, 'models');
  const registered = [(await run(0)).lines[0]];
  const usual = await run(0);
  registered.push(usual.lines[0]);
  let champion = usual.lines[1];
  for (const dieAt of momentsIn(usual.counted, trial)) {
    const { lines, signal } = await run(dieAt);
    expect([dieAt, signal]).toEqual([dieAt, 'SIGKILL']);
    if (lines[0]) registered.push(lines[0]);
    if (lines[1]) champion = lines[1];
    expect((await models.verify()).problems).toEqual([]);
    const reigning = `champion ${(await models.champion())?.modelVersion}`;
    // A promotion may be durable without having been acknowledged, never the other way round.
    expect([champion, `champion ${registered.at(-1)}`]).toContain(reigning);
    champion = reigning;
  }
  const cards = (await models.list()).map(({ modelVersion }) => modelVersion);
  expect(cards).toEqual(expect.arrayContaining(registered));
  for (const version of cards) await models.load(version);
  for (const entry of await models.promotions()) await models.picture(entry);
  const lines = await last();
  expect(`champion ${(await models.champion())?.modelVersion}`).toBe(lines[1]);
}

export async function killForecastWriters(trial: Trial): Promise<void> {
  const { on, rawFolder } = trial;
  const forecasts = openForecastLog({ store: on.store, domain: 'toy' });
  const { run, last } = writers(on, rawFolder, 'forecasts');
  const acknowledged = [...(await run(0)).lines];
  const usual = await run(0);
  acknowledged.push(...usual.lines);
  for (const dieAt of momentsIn(usual.counted, trial)) {
    const { lines, signal } = await run(dieAt);
    expect([dieAt, signal]).toEqual([dieAt, 'SIGKILL']);
    acknowledged.push(...lines);
    expect((await forecasts.verify()).problems).toEqual([]);
    expect((await forecasts.entries()).length).toBeGreaterThanOrEqual(acknowledged.length);
  }
  acknowledged.push(...(await last()));
  expect(await on.store.list('forecasts/toy/')).toEqual(expect.arrayContaining(acknowledged));
}
