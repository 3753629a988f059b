/**
 * Purpose: finds words of one domain outside `domains/`, where only what a Domain says of itself
 * may be known.
 * Invariants: looks at code, comments, strings and file names alike, inside camelCase and
 * snake_case too.
 * Fails: never.
 */
import { isUnder, type SourceFile, type Violation } from './source-tree.ts';

/**
 * The calendar sense of the word is everybody's: timeZone, time_zone, "time zone", timezone, "IANA
 * zone"; so is Kubernetes' label of a machine.
 */
const CALENDAR = /time[ _-]?zones?|IANA zones?|topology\.kubernetes\.io\/zone/gi;
const DOMAIN_WORD = /(?<![a-z])(taxi|pickup|zone|megawatt|bike)s?(?![a-z])/gi;

const mayKnow = (path: string): boolean =>
  isUnder(path, 'domains', 'docs', 'tests', 'bench/fixtures', 'bench/results') ||
  path === 'README.md';

export function domainWords(file: SourceFile): Violation[] {
  if (mayKnow(file.path)) return [];
  const fix =
    "Let the Domain say it (a field of domains/domain.ts), or use the general word: series, event, target, domain's own";
  const found = (line: number, text: string): Violation[] =>
    [...spelledOut(text).matchAll(DOMAIN_WORD)].map((match) => ({
      path: file.path,
      line,
      problem: `the word "${match[0]}" belongs to one domain`,
      fix,
    }));
  return [
    ...found(1, file.path),
    ...file.text.split('\n').flatMap((text, index) => found(index + 1, text)),
  ];
}

const spelledOut = (text: string): string =>
  text.replace(CALENDAR, '').replace(/([a-z0-9])([A-Z])/g, '$1 $2');
