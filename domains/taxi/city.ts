/**
 * Purpose: the simulated city as a source: it writes raw trips in the green TLC schema, up to the
 * current full hour, so that the same path runs on them as on real trips; and it knows the truth.
 * Invariants: a file, once written, is never changed; a later run writes only the hours that no
 * file covers yet, cut at local month edges; what is in an hour does not depend on the file it lies
 * in.
 * Fails: SOURCE_INVALID for a spec that cannot be parsed, STORE_FULL where the disk is full.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadwayError } from '../../platform/errors.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import type { RawPart, Source, SourceContext } from '../domain.ts';
import { type CityDemand, createCityDemand, HOUR_MS } from './city-demand.ts';
import { writeTrips } from './city-trips.ts';
import { feedOf, type Incident, parseIncident, worldOf } from './incidents.ts';
import { monthBefore, nextMonth, spanOfMonth } from './local-month.ts';
import { LAST_PLACE, readTrips, type TripSpan } from './trip-files.ts';

export interface CitySource extends Source {
  /** The true mean of the hour that starts at `timestamp`. */
  mean(seriesId: string, timestamp: number): number;
  oracle(seriesId: string, timestamp: number, quantile: number): number;
  readonly demand: CityDemand;
}

const LEFTOVER_MS = HOUR_MS;

export async function openCity(spec: string, context: SourceContext): Promise<CitySource> {
  const { seed, months, places, incident } = parseSpec(spec);
  const demand = createCityDemand(seed, places, worldOf(incident));
  const feed = feedOf(demand, incident);
  const rehearsal = incident ? `-${incident.name}-${hourText(incident.at)}` : '';
  const folder = join(context.rawFolder, `city-seed${seed}-places${places}${rehearsal}`);
  return {
    description:
      `a simulated city: ${places} places over ${months} months, seed ${seed}` +
      (incident ? `, ${incident.name} from ${hourText(incident.at)}:00 UTC` : ''),
    demand,
    mean: demand.mean,
    oracle: demand.quantile,
    async parts() {
      await mkdir(folder, { recursive: true });
      await removeLeftovers(folder, context.clock.now());
      const written = await list(folder);
      const now = Math.floor(context.clock.now() / HOUR_MS) * HOUR_MS;
      const missing = missingStretches(written, {
        start: spanOfMonth(monthBefore(now, months)).start,
        end: feed.end(now),
      }).flatMap((stretch) => cutAt(stretch, incident?.at));
      if (missing.length > 0) {
        context.progress.start('Simulating the city', missing.length);
        try {
          for (const [index, stretch] of missing.entries()) {
            context.progress.update(index, nameOf(stretch));
            await writeTrips(feed, seed, stretch, folder, nameOf(stretch));
          }
        } finally {
          context.progress.stop();
        }
      }
      const all = await list(folder);
      return Promise.all(all.map((stretch) => partOf(folder, stretch)));
    },
  };
}

async function partOf(folder: string, stretch: TripSpan): Promise<RawPart> {
  const name = nameOf(stretch);
  const path = join(folder, name);
  return {
    name,
    feed: 'city',
    fingerprint: await fileHash(path),
    span: stretch,
    open: () => readTrips(path, stretch),
  };
}

/** What `wanted` lacks compared with `written`, cut at local month edges. */
function missingStretches(written: readonly TripSpan[], wanted: TripSpan): TripSpan[] {
  const gaps: TripSpan[] = [];
  let from = wanted.start;
  for (const { start, end } of written) {
    if (start > from) gaps.push({ start: from, end: Math.min(start, wanted.end) });
    from = Math.max(from, end);
  }
  gaps.push({ start: from, end: wanted.end });
  return gaps.filter((gap) => gap.end > gap.start).flatMap(cutAtMonths);
}

/** In two where the incident begins inside, so that a file is of before or of after. */
const cutAt = ({ start, end }: TripSpan, at = start): TripSpan[] =>
  at > start && at < end
    ? [
        { start, end: at },
        { start: at, end },
      ]
    : [{ start, end }];

function cutAtMonths({ start, end }: TripSpan): TripSpan[] {
  const spans: TripSpan[] = [];
  for (let month = monthBefore(start, 0), from = start; from < end; month = nextMonth(month)) {
    const to = Math.min(end, spanOfMonth(month).end);
    spans.push({ start: from, end: to });
    from = to;
  }
  return spans;
}

/**
 * The stretches on disk, in order and without overlap. Two runs at once may leave files that
 * overlap; they have the same rows about the hours they share, so the one that reaches further is
 * taken and the other ignored.
 */
async function list(folder: string): Promise<TripSpan[]> {
  const found = (await readdir(folder)).map(stretchOf).filter((stretch) => stretch !== null);
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const taken: TripSpan[] = [];
  for (const stretch of found)
    if (stretch.start >= (taken.at(-1)?.end ?? Number.NEGATIVE_INFINITY)) taken.push(stretch);
  return taken;
}

const hourText = (timestamp: number): string => new Date(timestamp).toISOString().slice(0, 13);

const nameOf = ({ start, end }: TripSpan): string =>
  `city_tripdata_${hourText(start)}_${hourText(end)}.parquet`;

function stretchOf(name: string): TripSpan | null {
  const match = /^city_tripdata_(\d{4}-\d{2}-\d{2}T\d{2})_(\d{4}-\d{2}-\d{2}T\d{2})\.parquet$/.exec(
    name,
  );
  if (!match) return null;
  const start = Date.parse(`${match[1]}:00:00Z`);
  const end = Date.parse(`${match[2]}:00:00Z`);
  return end > start ? { start, end } : null;
}

/**
 * Half-written files of a run that was killed: they are never read, and go when they are surely
 * nobody's any more.
 */
async function removeLeftovers(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.writing-')) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found && found.mtimeMs < now - LEFTOVER_MS)
      await rm(path, { recursive: true, force: true });
  }
}

interface CitySpec {
  readonly seed: number;
  readonly months: number;
  readonly places: number;
  readonly incident: Incident | null;
}

function parseSpec(spec: string): CitySpec {
  const settings = { seed: 1, months: 9, places: 60 };
  const limits = { seed: [0, 4294967295], months: [1, 60], places: [1, LAST_PLACE] } as const;
  const invalid = (what: string) =>
    new HeadwayError('SOURCE_INVALID', `the source ${JSON.stringify(spec)} ${what}`, {
      fix:
        'Write "city" or for example "city:seed=7,months=9,places=60", and to rehearse an ' +
        'incident "city:incident=feed-stops@2026-11-01T00".',
    });
  const text = spec === 'city' ? '' : spec.slice('city:'.length);
  let incident: Incident | null = null;
  for (const pair of text.split(',').filter((pair) => pair !== '')) {
    if (pair.startsWith('incident=')) {
      incident = parseIncident(pair.slice('incident='.length));
      if (!incident) throw invalid(`names no incident of a feed in ${JSON.stringify(pair)}`);
      continue;
    }
    const match = /^(seed|months|places)=(\d{1,10})$/.exec(pair);
    if (!match) throw invalid(`cannot be parsed at ${JSON.stringify(pair)}`);
    const name = match[1] as keyof typeof settings;
    const [least, most] = limits[name];
    const value = Number(match[2]);
    if (value < least || value > most) throw invalid(`has ${name} outside ${least} to ${most}`);
    settings[name] = value;
  }
  return { ...settings, incident };
}
