/**
 * Purpose: what every view gets: the service, what it serves, the address, and a way to go on.
 * Invariants: a view is drawn only when all of it is known, so nothing here is null.
 * Fails: `usePage` outside of the page is an Error.
 */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { components } from '../../clients/typescript/headway-api.ts';
import type { timeLabels } from '../../platform/text/scales.ts';
import type { Address, Go } from './route.ts';
import type { Session, Trouble } from './session.ts';

type Schemas = components['schemas'];
export type ServedModel = Schemas['ServedModel'];
export type Ready = Schemas['Ready'];
export type Forecast = Schemas['Forecast'];
export type Group = Schemas['Groups']['groups'][number];
export type GroupForecast = Schemas['GroupForecast'];
export type SeriesInfo = Schemas['SeriesPage']['series'][number];

/** The times that the page is about, and the total of a group at each (timeline.ts). */
export interface Timeline {
  readonly times: readonly number[];
  /** How many of the times are past. */
  readonly past: number;
  readonly cutoff: number;
  /** Of one interval, in milliseconds. */
  readonly intervalMs: number;
  /** One a time. */
  readonly values: readonly number[];
  /** The value a season before each. */
  readonly before: readonly number[];
  /** Where the forecast is highest. */
  readonly peak: number;
  readonly forecast: GroupForecast;
}

export interface PageContext {
  readonly session: Session;
  /** Changes whenever what is served changes: data is loaded again then. */
  readonly version: string;
  readonly address: Address;
  readonly go: Go;
  readonly about: ServedModel;
  readonly serving: Ready;
  /** Times as the domain writes them. */
  readonly labels: ReturnType<typeof timeLabels>;
  /** Busiest first. */
  readonly series: readonly SeriesInfo[];
  /** Of the total of all series; null while it is not known. */
  readonly timeline: Timeline | null;
  /** Why there is none, or no newer one. */
  readonly timelineTrouble: Trouble | null;
}

const Context = createContext<PageContext | null>(null);
export const PageProvider = Context.Provider;

export function usePage(): PageContext {
  const page = useContext(Context);
  if (page === null) throw new Error('usePage() is for what is drawn inside the page');
  return page;
}
