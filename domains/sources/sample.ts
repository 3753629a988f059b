/**
 * Purpose: sample data for a domain: files in the format of its real ones, made from a seed, so
 * that it can be tried without a network. Not real data, and its source says so.
 * Invariants: the same day of the clock gives the same files; another day adds a day, and changes
 * none before it.
 * Fails: as writing files does.
 */
import { join } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { replaceFile } from '../../platform/files/replace-file.ts';
import { type Random, seededRandom, seedFrom } from '../../platform/random.ts';
import type { Domain, Source, SourceContext } from '../domain.ts';
import { keepOnly } from './kept-files.ts';

export interface SampleDay {
  readonly date: Temporal.PlainDate;
  /** Days since the epoch: what random numbers of a day are drawn by. */
  readonly number: number;
  /** -1 in deep winter, 1 in high summer of the north. */
  readonly season: number;
  /** Today, or later. */
  readonly isAhead: boolean;
}

export interface Sample {
  /** Days from 1 January so many years ago, up to yesterday. */
  readonly years: number;
  /** Days from today on that follow, for what is known in advance. */
  readonly ahead?: number;
  /** The first line of each file. */
  readonly header: string;
  lines(days: readonly SampleDay[]): Iterable<readonly [file: string, line: string]>;
}

/** Writes the files into a folder of the domain's own, and opens it. */
export async function openSample(
  sample: Sample,
  context: SourceContext,
  open: (folder: string) => ReturnType<Domain['openSource']>,
): Promise<Source> {
  const source = await open(await writeSample(sample, context));
  return { ...source, description: 'sample data, made from a seed' };
}

/** @returns the folder */
export async function writeSample(
  { header, lines, ...span }: Sample,
  { clock, rawFolder }: Pick<SourceContext, 'clock' | 'rawFolder'>,
): Promise<string> {
  const folder = join(rawFolder, 'sample');
  const files = new Map<string, string[]>();
  for (const [name, line] of lines(daysOf(clock.now(), span))) {
    const own = files.get(name) ?? [header];
    files.set(name, own);
    own.push(line);
  }
  for (const [name, own] of files) await replaceFile(join(folder, name), `${own.join('\n')}\n`);
  await keepOnly(folder, new Set(files.keys()));
  return folder;
}

function daysOf(now: number, { years, ahead = 0 }: Pick<Sample, 'years' | 'ahead'>): SampleDay[] {
  const today = Math.floor(now / 86_400_000);
  const year = new Date(now).getUTCFullYear() - years;
  const first = Date.UTC(year, 0, 1) / 86_400_000;
  return Array.from({ length: today + ahead - first }, (_, i) => {
    const date = Temporal.PlainDate.from({ year, month: 1, day: 1 }).add({ days: i });
    const season = -Math.cos((2 * Math.PI * (date.dayOfYear - 20)) / 365.25);
    return { date, number: first + i, season, isAhead: first + i >= today };
  });
}

/** One draw from [0, 1) of its own for these names and numbers. */
export const draw = (...parts: (string | number)[]): number => seededRandom(seedFrom(...parts))();

/** About -1 to 1, alike on neighbouring days: the weather, or how much people want to buy. */
export function spell(name: string, day: number): number {
  let sum = 0;
  for (let back = 0; back < 5; back++) sum += (5 - back) * (draw(name, day - back) - 0.5);
  return sum / 5;
}

/** A count of that mean (Knuth's product of uniforms; the mean at most a few dozen). */
export function count(mean: number, random: Random): number {
  const limit = Math.exp(-mean);
  let product = random();
  let events = 0;
  for (; product > limit; events++) product *= random();
  return events;
}
