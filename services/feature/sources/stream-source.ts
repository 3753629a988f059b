/**
 * Purpose: what was landed of a topic as a source of raw parts, one an hour.
 * Invariants: a part is offered once its hour is closed (stream-hours.ts). Its fingerprint names
 * the segments that hold its events, so an hour into which nothing came is the same part, and one
 * that got a late event is a new version of it. Hours without an event are parts too.
 * Fails: SOURCE_INVALID for a spec that cannot be parsed and for a domain without a stream;
 * SOURCE_NOT_FOUND where nothing was landed; STORE_CORRUPT for a segment that is not what was
 * landed.
 */
import type { Domain, RawPart, Source, StreamFormat } from '../../../domains/domain.ts';
import { parquetFiles } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import type { StreamLog, StreamSegment } from '../../../storage/streams/stream-log.ts';
import {
  completeUntil,
  firstHour,
  HOUR_MS,
  hoursBetween,
  type Span,
  segmentsByHour,
} from './stream-hours.ts';

export interface StreamSpec {
  readonly topic: string;
  /** Of the parts; those of a file of the same feed replace them. */
  readonly feed: string;
  readonly latenessMs: number;
  /** Start of the first hour, UTC ms; null: the first one that began after the topic did. */
  readonly from: number | null;
}

const DEFAULT_LATENESS_MINUTES = 60;

/** `stream:TOPIC`, `stream:TOPIC:feed=green,from=2026-11-01T00,lateness=30`. */
export function parseStreamSpec(spec: string): StreamSpec {
  const [, topic, options = ''] = /^stream:([A-Za-z0-9][\w.-]{0,127})(?::(.*))?$/.exec(spec) ?? [];
  if (topic === undefined) throw invalid(spec, 'names no topic');
  let [feed, from, minutes] = [topic, null as number | null, DEFAULT_LATENESS_MINUTES];
  for (const pair of options.split(',').filter((one) => one !== '')) {
    const [, name, value = ''] = /^(feed|from|lateness)=(.+)$/.exec(pair) ?? [];
    if (name === 'feed' && /^[a-z0-9][\w-]{0,63}$/i.test(value)) feed = value;
    else if (name === 'from' && /^\d{4}-\d{2}-\d{2}T\d{2}$/.test(value))
      from = Date.parse(`${value}:00:00Z`);
    else if (name === 'lateness' && /^\d{1,6}$/.test(value)) minutes = Number(value);
    else throw invalid(spec, `cannot be parsed at ${JSON.stringify(pair)}`);
    if (Number.isNaN(from)) throw invalid(spec, `names an hour that does not exist: ${value}`);
  }
  return { topic, feed, from, latenessMs: minutes * 60_000 };
}

export interface StreamSourceOptions {
  readonly spec: StreamSpec;
  readonly domain: Pick<Domain, 'name' | 'timeZone' | 'frequencyMinutes' | 'openStream'>;
  readonly log: Pick<StreamLog, 'entries' | 'segmentPath'>;
}

export async function openStreamSource(options: StreamSourceOptions): Promise<Source> {
  const { spec, domain, log } = options;
  const format = await streamFormatOf(domain);
  if (60 % domain.frequencyMinutes !== 0) {
    throw new HeadwayError('SOURCE_INVALID', 'intervals of a stream must divide an hour', {
      where: `domain ${domain.name}`,
      fix: 'Give files to domains of longer intervals.',
    });
  }
  return {
    description: `the stream ${spec.topic}`,
    async parts() {
      const entries = await log.entries();
      const head = entries.at(-1);
      if (head === undefined) {
        throw new HeadwayError('SOURCE_NOT_FOUND', `nothing was landed from ${spec.topic}`, {
          where: `streams of the domain ${domain.name}`,
          fix: 'Run `headway stream land` first.',
        });
      }
      const start = spec.from ?? firstHour(head);
      const end = completeUntil(head, spec.latenessMs);
      if (start === null || end === null) return [];
      const segments = segmentsByHour(entries);
      const files = new CheckedFiles(log);
      return hoursBetween(start, end, domain.timeZone).map((span) =>
        partOf(spec, format, files, span, segmentsOf(segments, span)),
      );
    },
  };
}

/** The stream that the domain reads. */
export async function streamFormatOf(
  domain: Pick<Domain, 'name' | 'openStream'>,
): Promise<StreamFormat> {
  if (domain.openStream) return domain.openStream();
  throw new HeadwayError('SOURCE_INVALID', `the domain ${domain.name} does not read streams`, {
    where: domain.name,
    fix: 'Define openStream in the domain: how an event states its time, and how its rows read.',
  });
}

function segmentsOf(
  byHour: ReadonlyMap<number, readonly StreamSegment[]>,
  { start, end }: Span,
): StreamSegment[] {
  const found = new Map<string, StreamSegment>();
  for (let hour = start; hour < end; hour += HOUR_MS)
    for (const segment of byHour.get(hour) ?? []) found.set(segment.sha256, segment);
  return [...found.values()];
}

function partOf(
  { topic, feed }: StreamSpec,
  format: StreamFormat,
  files: CheckedFiles,
  span: Span,
  segments: readonly StreamSegment[],
): RawPart {
  const name = `${topic}_${new Date(span.start).toISOString().slice(0, 13)}`;
  // The span is part of it: two hours without an event are not the same content.
  const identity = [span.start, span.end, ...segments.map((segment) => segment.sha256).sort()];
  return {
    ...{ name, feed, span },
    fingerprint: sha256(new TextEncoder().encode(identity.join(' '))),
    async open() {
      const paths = await Promise.all(segments.map((segment) => files.path(segment)));
      const events =
        paths.length === 0
          ? '(SELECT NULL::VARCHAR AS event WHERE false)'
          : `(SELECT event FROM ${parquetFiles(paths)} ` +
            `WHERE hour >= ${span.start} AND hour < ${span.end})`;
      return format.rows(events, span);
    },
  };
}

/** A segment is in many hours, and checked once. */
class CheckedFiles {
  readonly #log: StreamSourceOptions['log'];
  readonly #paths = new Map<string, Promise<string>>();

  constructor(log: StreamSourceOptions['log']) {
    this.#log = log;
  }

  path(segment: StreamSegment): Promise<string> {
    const known = this.#paths.get(segment.key);
    if (known !== undefined) return known;
    const path = this.#log.segmentPath(segment);
    this.#paths.set(segment.key, path);
    return path;
  }
}

const invalid = (spec: string, what: string): HeadwayError =>
  new HeadwayError('SOURCE_INVALID', `the source ${JSON.stringify(spec)} ${what}`, {
    fix: 'Write "stream:TOPIC" or "stream:TOPIC:feed=green,from=2026-11-01T00,lateness=30".',
  });
