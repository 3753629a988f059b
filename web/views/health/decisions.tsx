/**
 * Purpose: what was decided about the models, by whom, why, and on which figures.
 * Invariants: newest first, as the log has it; the evidence is the log's own.
 * Fails: never.
 */
import { useState } from 'preact/hooks';
import type { Decision } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { Section } from '../../parts/section.tsx';

const FIRST = 8;

export function Decisions({ decisions }: { readonly decisions: readonly Decision[] }) {
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? decisions : decisions.slice(0, FIRST);
  return (
    <Section columns={8} title="Decisions" note="the newest first">
      {decisions.length === 0 ? (
        <p class="soft">
          No decision is on record yet: a check explains promotions, and decides by the policy.
        </p>
      ) : (
        <ol class="decisions">
          {shown.map((one) => (
            <Row key={one.number} one={one} />
          ))}
        </ol>
      )}
      {shown.length < decisions.length && (
        <button type="button" class="button" onClick={() => setShowsAll(true)}>
          All {decisions.length}
        </button>
      )}
    </Section>
  );
}

function Row({ one }: { readonly one: Decision }) {
  const { address, go, labels } = usePage();
  const { at, kind, actor, reason, evidence, modelVersion } = one;
  const time = Date.parse(at);
  return (
    <li>
      <button type="button" class="link" onClick={() => go({ ...address, at: time })}>
        {labels.full(time)}
      </button>
      <div>
        <p>
          <b class={kind === 'rollback' ? 'trouble' : ''}>{kind}</b>{' '}
          <span class="soft">by {actor}</span>
          <span class="under">{reason}</span>
        </p>
        <details class="more">
          <summary>Evidence</summary>
          {modelVersion !== null && <p class="small">{modelVersion}</p>}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus. */}
          <pre tabIndex={0}>{JSON.stringify(evidence, null, 2)}</pre>
        </details>
      </div>
    </li>
  );
}
