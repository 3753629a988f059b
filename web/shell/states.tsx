/**
 * Purpose: what the page says when there is something other than fresh forecasts of the champion: a
 * notice above a view, or a whole page instead of it.
 * Invariants: words say what it is, since when, why, and what to do; never a colour alone.
 * Fails: never.
 */
import type { ComponentChildren } from 'preact';
import { timeLabels } from '../../platform/text/scales.ts';
import type { Live } from '../data/live.ts';
import type { Ready, ServedModel } from '../data/page-context.ts';
import type { Trouble } from '../data/session.ts';
import { age } from '../parts/format.ts';

const FALLBACKS: Readonly<Record<string, readonly [what: string, why: string]>> = {
  NO_CHAMPION: ['A baseline forecasts.', 'No model has been promoted yet.'],
  MODEL_UNAVAILABLE: [
    'An earlier model or a baseline forecasts.',
    'The champion cannot be loaded, or gives no usable forecast.',
  ],
  FEATURES_UNAVAILABLE: [
    'This forecast is of the last good data.',
    'The newest snapshot cannot be read.',
  ],
  STORE_UNAVAILABLE: ['This is the last good forecast.', 'The store cannot be reached.'],
};

const Notice = (props: {
  readonly kind: 'trouble' | 'naive' | 'plain';
  readonly what: string;
  readonly children: ComponentChildren;
}) => (
  <div class="notice" role="status">
    <p>
      <b class={props.kind}>{props.what}</b> {props.children}
    </p>
  </div>
);

export interface NoticesProps {
  readonly live: Live;
  readonly serving: Ready;
  readonly about: ServedModel;
  readonly ageSeconds: number;
}

/** Above a view: the data are there, and they are not what they should be. */
export function Notices({ live, serving, about, ageSeconds }: NoticesProps) {
  const { full, hour } = timeLabels(about.domain.timeZone);
  const { trouble, since } = live;
  const { fallback, refreshFailure } = serving;
  if (trouble?.kind === 'offline')
    return (
      <Notice kind="plain" what="The service cannot be reached.">
        What you see was received at {hour(live.receivedAt)} and stays until the connection is back.
        The page tries again every few seconds.
      </Notice>
    );
  if (trouble)
    return (
      <Notice
        kind="trouble"
        what={`The service has not responded properly since ${hour(since ?? 0)}.`}
      >
        {trouble.problem?.detail} What you see is what it served before.
      </Notice>
    );
  if (fallback === undefined) return null;
  const from = full(Date.parse(fallback.since));
  if (fallback.reason === 'FEATURES_STALE')
    return (
      <Notice kind="trouble" what={`No data for ${age(ageSeconds)}.`}>
        The last interval known is {full(Date.parse(serving.cutoff))}; the forecast still starts
        there. Stale since {from}. <code>headway features run</code> reads the source again and says
        what is wrong with it.
      </Notice>
    );
  const [what, why] = FALLBACKS[fallback.reason] ?? ['This forecast is a fallback.', ''];
  const cause =
    refreshFailure?.code && refreshFailure.code !== fallback.reason
      ? ` (${refreshFailure.code})`
      : '';
  return (
    <Notice kind="naive" what={what}>
      {why} {fallback.reason}
      {cause} since {from}; {serving.modelVersion} responds meanwhile.
    </Notice>
  );
}

/** Instead of a view. */
export const Whole = (props: {
  readonly title: ComponentChildren;
  readonly children: ComponentChildren;
}) => (
  <div class="whole" role="alert">
    <h1>{props.title}</h1>
    {props.children}
  </div>
);

/** Instead of a view whose data the service did not give. */
export const NotLoaded = (props: {
  readonly title: string;
  readonly trouble: Trouble | null;
  /** What is wrong where the service does not say so itself. */
  readonly otherwise?: string;
}) => {
  const { title, trouble, otherwise = 'The service cannot be reached' } = props;
  return (
    <Whole title={title}>
      <p>
        {trouble?.problem?.detail ?? otherwise}. {trouble?.problem?.fix}
      </p>
    </Whole>
  );
};

export interface InsteadProps {
  readonly trouble: Trouble;
  readonly hasKey: boolean;
  readonly onKey: (key: string) => void;
}

/** What stands where a view cannot be shown at all. */
export function Instead({ trouble, hasKey, onKey }: InsteadProps) {
  const { kind, problem } = trouble;
  if (kind === 'sign-in' || kind === 'permission')
    return <SignIn isLacking={kind === 'permission'} {...{ problem, hasKey, onKey }} />;
  if (kind === 'empty')
    return (
      <Whole title="No forecast yet">
        <p>
          The service runs, and there is nothing to forecast from: {problem.detail}. These commands
          read data and train a model; the page then fills by itself.
        </p>
        <pre>headway features run{'\n'}headway train</pre>
      </Whole>
    );
  if (kind === 'offline')
    return (
      <Whole title="The service cannot be reached">
        <p>Nothing responds at {location.host}. The page tries again every few seconds.</p>
      </Whole>
    );
  return (
    <Whole title={<span class="trouble">The service cannot respond</span>}>
      <p>
        {problem.detail}. {problem.fix} The page tries again every few seconds and keeps your place.
      </p>
      <p class="small">{problem.code}</p>
    </Whole>
  );
}

interface SignInProps {
  readonly isLacking: boolean;
  readonly problem: Trouble['problem'];
  readonly hasKey: boolean;
  readonly onKey: (key: string) => void;
}

function SignIn({ isLacking, problem, hasKey, onKey }: SignInProps) {
  return (
    <Whole title={isLacking ? 'This key is not sufficient' : 'This service requires a key'}>
      {hasKey && <p class="trouble">{problem?.detail}.</p>}
      <p>
        One with the scopes <b>forecasts:read</b> and <b>models:read</b>. It stays in the memory of
        this page and is gone when you close or reload it.
      </p>
      <form
        class="key-form"
        onSubmit={(event) => {
          event.preventDefault();
          const field = event.currentTarget.elements.namedItem('key') as HTMLInputElement;
          const key = field.value.trim();
          field.value = '';
          if (key !== '') onKey(key);
        }}
      >
        <input
          name="key"
          type="password"
          autocomplete="off"
          spellcheck={false}
          placeholder="hw_…"
          aria-label="API key"
        />
        <button type="submit" class="button">
          Use it
        </button>
      </form>
      <p class="small">
        The operator of this service creates keys with <code>headway keys create</code>.
      </p>
    </Whole>
  );
}

/** Where something will be; it appears only if loading takes longer than a moment. */
export const Skeleton = () => (
  <div class="skeleton" role="status" aria-label="Loading">
    <i class="line wide" />
    <i class="line" />
    <i class="block" />
    <div>
      <i class="half" />
      <i class="half" />
    </div>
  </div>
);
