/**
 * Purpose: the frame of the page: navigation, search, notices, and the view that the address names.
 * Invariants: a view is drawn when the model and the series are known; while they are loaded again
 * the view stays.
 * Fails: never without words (states.tsx).
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { dataOf, type HeadwayClient } from '../../clients/typescript/headway-client.ts';
import { timeLabels } from '../../platform/text/scales.ts';
import { type Live, NOT_YET, versionOf, watchServing } from '../data/live.ts';
import {
  type PageContext,
  PageProvider,
  type SeriesInfo,
  type ServedModel,
} from '../data/page-context.ts';
import type { Address, Go } from '../data/route.ts';
import { openSession, type Session } from '../data/session.ts';
import { ALL, loadTimeline } from '../data/timeline.ts';
import { every, now } from '../data/timers.ts';
import { useDataOf } from '../data/use-data.ts';
import { age } from '../parts/format.ts';
import { VIEWS } from '../views.ts';
import { KeysList } from './keys-list.tsx';
import { Search } from './search.tsx';
import { Instead, Notices, Skeleton } from './states.tsx';
import { TimeStrip } from './time-strip.tsx';
import { linkTo, useAddress } from './use-address.ts';
import { useKeys } from './use-keys.ts';

const PAGE_SIZE = 1000;
const AGE_MS = 15_000;

export function App() {
  const [session, setSession] = useState(() => openSession(null));
  const [address, go] = useAddress();
  const live = useLive(session);
  const at = { session, version: versionOf(live) };
  const key = live.serving === null ? null : 'page';
  const about = useDataOf(at, key, ({ GET }) => dataOf(GET('/v1/model')));
  const series = useDataOf(at, key, allSeries);
  const { serving } = live;
  const domain = about.value?.domain;
  // A shard has no total.
  const hasTotal = about.value !== null && about.value.shard === undefined;
  const total = useDataOf(at, hasTotal ? 'total' : null, (client) =>
    loadTimeline(client, ALL, domain as ServedModel['domain']),
  );
  const timeZone = about.value?.domain.timeZone ?? 'UTC';
  const labels = useMemo(() => timeLabels(timeZone), [timeZone]);
  const isReady = serving !== null && about.value !== null && series.value !== null;
  const page: PageContext | null = isReady
    ? {
        ...{ ...at, address, go, serving, labels },
        ...{ about: about.value as ServedModel, series: series.value as SeriesInfo[] },
        ...{ timeline: total.value, timelineTrouble: total.trouble },
      }
    : null;
  const trouble = about.trouble ?? series.trouble ?? live.trouble;
  const ageSeconds = useAge(live);
  const signIn = (key: string) => setSession(openSession(key));
  return (
    <>
      <Header {...{ page, live, ageSeconds, address, go }} />
      {page && (
        <PageProvider value={page}>
          {page.timeline ? (
            <TimeStrip timeline={page.timeline} />
          ) : (
            hasTotal && <div class="time" />
          )}
        </PageProvider>
      )}
      <main>
        {page ? (
          <PageProvider value={page}>
            <Notices {...{ live, ageSeconds }} serving={page.serving} about={page.about} />
            <CurrentView address={address} />
          </PageProvider>
        ) : trouble ? (
          <Instead trouble={trouble} hasKey={session.hasKey} onKey={signIn} />
        ) : (
          <Skeleton />
        )}
      </main>
      {page && <Footer page={page} />}
    </>
  );
}

function useLive(session: Session): Live {
  const [live, setLive] = useState<Live>(NOT_YET);
  useEffect(() => {
    const watching = new AbortController();
    watchServing(session, setLive, watching.signal);
    return () => watching.abort();
  }, [session]);
  return live;
}

/** How old the data are at this moment, in seconds. */
function useAge({ serving, receivedAt }: Live): number {
  const [time, setTime] = useState(now);
  useEffect(() => every(AGE_MS, () => setTime(now())), []);
  return (serving?.dataAgeSeconds ?? 0) + Math.max(0, time - receivedAt) / 1000;
}

/** Busiest first. */
async function allSeries({ GET }: HeadwayClient): Promise<SeriesInfo[]> {
  const series: SeriesInfo[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: PAGE_SIZE };
    if (cursor !== null) query.cursor = cursor;
    const page: { series: SeriesInfo[]; nextCursor: string | null } = await dataOf(
      GET('/v1/series', { params: { query } }),
    );
    series.push(...page.series);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return series.sort((a, b) => (b.mean ?? -1) - (a.mean ?? -1));
}

function CurrentView({ address }: { readonly address: Address }) {
  const { Component } = viewOf(address);
  return <Component />;
}

const viewOf = ({ view }: Address) =>
  VIEWS.find(({ id }) => id === view) ?? (VIEWS[0] as (typeof VIEWS)[0]);

interface HeaderProps {
  readonly page: PageContext | null;
  readonly live: Live;
  readonly ageSeconds: number;
  readonly address: Address;
  readonly go: Go;
}

function Header({ page, live, ageSeconds, address, go }: HeaderProps) {
  const field = useRef<HTMLInputElement>(null);
  const [showsKeys, setShowsKeys] = useState(false);
  const viewKeys = useMemo(
    () =>
      Object.fromEntries(
        VIEWS.map(({ id }, i) => [String(i + 1), () => go({ view: id, id: null, query: {} })]),
      ),
    [go],
  );
  useKeys({ ...viewKeys, '/': () => field.current?.focus(), '?': () => setShowsKeys(true) });
  const current = viewOf(address);
  return (
    <header class="top">
      <a class="brand" {...linkTo({ ...address, view: 'now', id: null, query: {} }, go)}>
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M2 15 7 7l3.5 4.5L18 3" />
        </svg>
        Headway
      </a>
      <nav aria-label="Views">
        {VIEWS.map(({ id, title }) => (
          <a
            key={id}
            {...linkTo({ ...address, view: id, id: null, query: {} }, go)}
            aria-current={id === current.id ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      {page && (
        <Search
          field={field}
          noun={page.about.domain.seriesNoun}
          series={page.series}
          onChoose={(id) => go({ view: 'series', id, query: {} })}
        />
      )}
      <Age live={live} ageSeconds={ageSeconds} />
      {showsKeys && <KeysList onClose={() => setShowsKeys(false)} />}
    </header>
  );
}

function Age({ live, ageSeconds }: { readonly live: Live; readonly ageSeconds: number }) {
  const { serving, trouble } = live;
  if (serving === null) return <p class="age" />;
  const [dot, text] =
    trouble?.kind === 'offline'
      ? ['muted', 'offline']
      : trouble
        ? ['trouble', 'not responding']
        : serving.fallback?.reason === 'FEATURES_STALE'
          ? ['trouble', `data ended ${age(ageSeconds)} ago`]
          : serving.fallback
            ? ['naive', 'a fallback responds']
            : ['forecast', `data ended ${age(ageSeconds)} ago`];
  return (
    <p class="age">
      <span class={`dot ${dot}`} />
      {text}
    </p>
  );
}

function Footer({ page }: { readonly page: PageContext }) {
  const { model, promotion, snapshot, domain } = page.about;
  const { full } = page.labels;
  const since = promotion ? `, champion since ${full(Date.parse(promotion.promotedAt))}` : '';
  return (
    <footer>
      <span>
        {model ? `${model.forecaster} ${model.modelVersion}${since}` : page.serving.modelVersion} ·
        snapshot {snapshot.snapshotVersion} · times in {domain.timeZone}
      </span>
      <a href="docs/">API</a>
      <span class="hints">
        <kbd>/</kbd> find <kbd>←</kbd> <kbd>→</kbd> in time <kbd>?</kbd> keys
      </span>
    </footer>
  );
}
