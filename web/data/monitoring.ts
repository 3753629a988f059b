/**
 * Purpose: what monitoring found, as the views of accuracy and health load it: again every minute,
 * because a check changes nothing that is served.
 * Invariants: numbers are the API's own; what is null there is NaN here, where it is drawn.
 * Fails: never; `trouble` says why there is no newer value.
 */
import { useEffect, useState } from 'preact/hooks';
import type { components } from '../../clients/typescript/headway-api.ts';
import { dataOf, type HeadwayClient } from '../../clients/typescript/headway-client.ts';
import { intervalMs } from './forecast.ts';
import { type PageContext, usePage } from './page-context.ts';
import { every } from './timers.ts';
import { type Data, useDataOf } from './use-data.ts';

type Schemas = components['schemas'];
export type Monitoring = Schemas['Monitoring'];
export type Overview = NonNullable<Monitoring['overview']>;
export type Forecaster = Overview['forecasters'][number];
export type Verdict = Overview['verdicts'][number];
export type SeriesScore = Overview['series']['worst'][number];
export type Decision = Schemas['Decisions']['decisions'][number];
export type JobRun = Schemas['Jobs']['runs'][number];
export type SeriesRecord = Schemas['SeriesRecord'];

const REFRESH_MS = 60_000;
const NOON_MS = 43_200_000;

/** As useData, and loaded again every minute. */
export function useRefreshed<T>(
  key: string | null,
  load: (client: HeadwayClient) => Promise<T>,
): Data<T> {
  const { session, version } = usePage();
  const [minute, setMinute] = useState(0);
  useEffect(() => every(REFRESH_MS, () => setMinute((before) => before + 1)), []);
  return useDataOf({ session, version: `${version} ${minute}` }, key, load);
}

export const loadMonitoring =
  (limit: number) =>
  async ({ GET }: HeadwayClient): Promise<Monitoring> =>
    (await dataOf(GET('/v1/monitoring', { params: { query: { limit } } }))) as Monitoring;

export async function loadDecisions({ GET }: HeadwayClient): Promise<readonly Decision[]> {
  const page = await dataOf(GET('/v1/decisions', { params: { query: { limit: 200 } } }));
  return page.decisions as Decision[];
}

export async function loadJobs({ GET }: HeadwayClient): Promise<readonly JobRun[]> {
  const { runs } = await dataOf(GET('/v1/jobs', { params: { query: { limit: 200 } } }));
  return runs as JobRun[];
}

/** What was served for the targets in [from, until). */
export async function loadRecord(
  { GET }: HeadwayClient,
  id: string,
  { from, until }: { readonly from: number; readonly until: number },
): Promise<SeriesRecord> {
  const query = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
  const params = { path: { id }, query };
  return (await dataOf(GET('/v1/series/{id}/record', { params }))) as SeriesRecord;
}

/** The time by the clock of the service, which may differ from the reader's. */
export const serviceTime = ({ serving, about }: Pick<PageContext, 'serving' | 'about'>): number =>
  Date.parse(serving.cutoff) + intervalMs(about.domain.frequency) + serving.dataAgeSeconds * 1000;

/** Lost: the process of the run ended without a word. */
export const hasFailed = ({ state }: Pick<JobRun, 'state'>): boolean =>
  state === 'failed' || state === 'lost';

/** Where a day of the scores is drawn and named: its middle. */
export const noonOf = ({ day }: Overview['days'][number]): number => Date.parse(day) + NOON_MS;

/** The newest run of each job. @param runs newest first */
export const lastRuns = (runs: readonly JobRun[]): JobRun[] =>
  runs.filter((run, i) => runs.findIndex(({ job }) => job === run.job) === i);

/** The time at which a model was made, by which a person distinguishes models: "29/11 11:48". */
export const shortVersion = (version: string): string =>
  version.replace(/^\d{4}(\d{2})(\d{2})T(\d{2})(\d{2})\d{2}Z.*$/, '$2/$1 $3:$4');

export const orNaN = (value: number | null | undefined): number => value ?? Number.NaN;

/** What changed which model is served. */
export const isChange = ({ kind }: Pick<Decision, 'kind'>): boolean =>
  kind === 'promote' || kind === 'rollback';

/** A model that served, and the decision that made it so. */
export interface Reign {
  readonly from: number;
  readonly modelVersion: string;
  readonly decision: Decision;
}

/** Who served since when, oldest first. @param decisions newest first */
export const reigns = (decisions: readonly Decision[]): Reign[] =>
  decisions
    .filter((one) => isChange(one) && one.after !== null)
    .map((decision) => ({
      from: Date.parse(decision.at),
      modelVersion: decision.after as string,
      decision,
    }))
    .reverse();
