/**
 * Purpose: a week in plain sentences: what changed, were we right, what was decided.
 * Invariants: a pure function of what the stores said; the same stores and time give the same text;
 * every sentence names what it rests on.
 * Fails: never; where nothing is known a sentence says so.
 */
import { utcText } from '../../platform/text/utc-text.ts';

/** Times are UTC epoch milliseconds. */
export interface WeekFacts {
  readonly title: string;
  readonly from: number;
  readonly until: number;
  /** Snapshots committed in the week, oldest first. */
  readonly snapshots: readonly { readonly snapshotVersion: string }[];
  /** Entries of the promotion log of the week, oldest first. */
  readonly promotions: readonly {
    readonly at: number;
    readonly kind: string;
    readonly modelVersion: string;
    readonly reason: string;
  }[];
  /** What serves at the end; null: nothing. */
  readonly served: { readonly modelVersion: string; readonly since: number } | null;
  readonly ledger: {
    readonly issueTimes: number;
    readonly rows: number;
    /** Of a week that is over: null, because the ledger has gone on since. */
    readonly head: { readonly number: number; readonly sha256: string } | null;
  };
  readonly figures: {
    readonly at: number;
    readonly skill: number | null;
    readonly coverage80: number | null;
  } | null;
  /** Verdicts of drift that were first detected in the week. */
  readonly drift: readonly {
    readonly name: string;
    readonly detectedAt: number;
    readonly message: string;
  }[];
  /** Oldest first. */
  readonly decisions: readonly {
    readonly number: number;
    readonly at: number;
    readonly kind: string;
    readonly actor: string;
    readonly reason: string;
  }[];
}

export function weekReport(facts: WeekFacts): string {
  const { title, from, until } = facts;
  return [
    `${title}, ${utcText(from)} to ${utcText(until)}`,
    section('What changed', changed(facts)),
    section('Were we right', right(facts)),
    section('What was decided', decided(facts)),
  ].join('\n\n');
}

const section = (heading: string, sentences: readonly string[]): string =>
  [heading, ...sentences.map((sentence) => `- ${sentence}`)].join('\n');

const counted = (count: number, noun: string): string =>
  `${count === 0 ? 'no' : count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;

function changed({ snapshots, served, drift }: WeekFacts): string[] {
  const newest = snapshots.at(-1);
  return [
    newest === undefined
      ? 'No data was committed.'
      : `The data was committed ${counted(snapshots.length, 'time')}, last as snapshot ` +
        `${newest.snapshotVersion}.`,
    served === null
      ? 'No model is served.'
      : `${served.modelVersion} serves, since ${utcText(served.since)}.`,
    ...(drift.length === 0
      ? ['No drift was detected.']
      : drift.map(
          ({ name, detectedAt, message }) => `${utcText(detectedAt)}: ${name}: ${message}`,
        )),
  ];
}

function right({ ledger, figures, served }: WeekFacts): string[] {
  const { issueTimes, rows, head } = ledger;
  const issued =
    issueTimes === 0
      ? 'No forecast was issued.'
      : `Forecasts were issued at ${counted(issueTimes, 'time')}, ${counted(rows, 'row')}` +
        (head ? `; the ledger ends with entry ${head.number}, ${head.sha256.slice(0, 12)}.` : '.');
  if (figures === null || figures.skill === null)
    return [issued, 'Nothing was scored yet: `headway monitor` scores what was issued.'];
  const { skill, coverage80, at } = figures;
  const side = skill >= 0 ? 'less' : 'more';
  const size = Math.abs(100 * skill).toFixed(1);
  const sentences = [
    issued,
    `As scored at ${utcText(at)}, ${served?.modelVersion ?? 'what was served'} had ${size} % ` +
      `${side} pinball loss than the best naive baseline.`,
  ];
  if (coverage80 === null) return sentences;
  const share = (100 * coverage80).toFixed(1);
  return [...sentences, `Its 80 % interval held ${share} % of the actuals.`];
}

function decided({ promotions, decisions }: WeekFacts): string[] {
  // The reason of an evaluation begins with its outcome; that of a change by hand does not.
  const hasKind = /^(not promoted|promoted|inconclusive): /;
  const verdicts = promotions.map(
    ({ at, kind, modelVersion, reason }) =>
      `${utcText(at)}: ${modelVersion} ${hasKind.test(reason) ? '' : `${kind}: `}${reason}`,
  );
  const entries = decisions.map(
    ({ number, at, kind, actor, reason }) =>
      `${utcText(at)}: decision ${number}, ${kind} by ${actor}: ${reason}`,
  );
  return verdicts.length + entries.length === 0
    ? ['Nothing was decided.']
    : [...verdicts, ...entries];
}
