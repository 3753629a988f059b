/**
 * Purpose: code, messages and documents use the standard words of the field. A word is found inside
 * camelCase and snake_case too.
 */
import { expect, test } from '@jest/globals';
import { eachLine, readTree, report, type SourceFile, type Violation } from './source-tree.ts';

/** What is not written here any more → the standard word. */
const WORDS: readonly (readonly [pattern: string, standard: string])[] = [
  ['answer(s|ed|ing)?', 'response, respond, reply'],
  ['told|tells?|telling', 'report, say, name'],
  ['pictures?', 'chart'],
  ['suspects?|piles?', 'duplicate candidates, hash partition'],
  ['kept (rows|tables|columns)', 'cache, checkpoint'],
  ['doomed|condemn(s|ed)?', 'pending deletion, tombstone'],
  ['voices?|speakers?|speaks|spoken', 'version, latest version wins'],
  ['pieces?', 'segment, chunk, part'],
  ['seal(s|ed)?|unseal(ed)?', 'checksummed'],
  ['made with', 'build environment'],
  ['own history|suppos(e|es|ed|ing)', 'ad-hoc history, overrides'],
  ['rescue[sd]?', 'per-series fallback'],
  ['sane|absurd', 'plausible, out of range'],
  ['future-blindness|reads the future', 'leakage check'],
  ['make possible|rivals?', 'constrain quantiles, benchmark model'],
  ['stand-?ins?', 'shim, replacement'],
  ['whole way', 'end-to-end'],
  ['quick answer|keeps? quiet', '(nothing: leave it out)'],
  ['anew', 'again'],
  ['mend(s|ed|ing)?', 'fix'],
  ['laid', 'partitioned, stored'],
  ['beside', 'next to'],
];
const PATTERN = new RegExp(`(?<![a-z])(${WORDS.map(([one]) => one).join('|')})(?![a-z])`, 'gi');

/** Text that may hold such a word → why. */
const EXCEPTIONS: readonly (readonly [text: RegExp, reason: string])[] = [
  [/ANSWER_TOO_LARGE|answer[- ]too[- ]large/gi, 'an error code of the HTTP API'],
  [/FORECAST_ABSURD/g, 'a stored reason: old stores hold it'],
  [/absurd_time/g, 'a stored rejection reason: old reports hold it'],
  [/rescued_series|rescuedSeries/gi, 'a metric and a field of the HTTP API'],
  [/`(condemned|picture|pieces|madeWith)`/g, 'documents name keys of stored JSON'],
  [/\bmadeWith\b/g, 'a stored key of model cards'],
  [/\bpicture(?=: |\?\.key)|\.picture\b|'picture'/g, 'a stored key of the promotion log'],
  [/\bcondemned(?=: )|\.condemned\b/g, 'a stored key of the collection log'],
  [
    /\bpieces(?=: |, \.\.\.| \}|, series|\.map)|\.pieces\b|\/pieces\//g,
    'a stored key of manifests, and a folder',
  ],
  [/\b(first|until)_piece\b/g, 'columns of packs'],
];
/** Files that quote the words, and files that a program has written. */
const FREE =
  /^(tests\/tidy\/dialect\.test\.ts|tools\/readme\/recorded\.json|bench\/results\/.*|LICENSE)$/;
const TEXT = /\.(tsx|m?ts|m?js|md|html|css|sh|ya?ml|json)$|(^|\/)(Dockerfile|run)$/;

function dialect(file: SourceFile): Violation[] {
  if (!TEXT.test(file.path) || FREE.test(file.path)) return [];
  return eachLine(file, (line) =>
    [...spelledOut(line).matchAll(PATTERN)].map(([word]) => ({
      problem: `"${word}"`,
      fix: `Say ${standardOf(word)}`,
    })),
  );
}

const spelledOut = (line: string): string =>
  EXCEPTIONS.reduce((text, [exception]) => text.replace(exception, ''), line)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/_/g, ' ');
const standardOf = (word: string): string | undefined =>
  WORDS.find(([pattern]) => new RegExp(`^(${pattern})$`, 'i').test(word))?.[1];

/** Uses that are left. Only ever lower this. */
const WORDS_LEFT = 0;

test('the number of words from the list does not grow', () => {
  const found = readTree().flatMap(dialect);
  expect(found.length > WORDS_LEFT ? report(found) : []).toEqual([]);
});

test.each(['readAnswer', 'it is told', 'kept_rows', 'a stand-in'])('detects "%s"', (text) => {
  expect(dialect({ path: 'storage/a.ts', text })).toHaveLength(1);
});
test.each(['ANSWER_TOO_LARGE', 'besides', 'mainland', 'untold'])('allows "%s"', (text) => {
  expect(dialect({ path: 'storage/a.ts', text })).toEqual([]);
});
