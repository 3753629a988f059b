/**
 * Purpose: finds words of one domain outside `domains/`.
 * Invariants: code, comments, strings and file names count alike, also inside camelCase and
 * snake_case.
 */
import { eachLine, isUnder, type SourceFile, type Violation } from './source-tree.ts';

/**
 * The calendar sense of the word is everybody's: timeZone, time_zone, "time zone", timezone, "IANA
 * zone"; so are Kubernetes' label of a machine and AWS's name of its places.
 */
const CALENDAR = /time[ _-]?zones?|IANA zones?|topology\.kubernetes\.io\/zone|availabilityZones/gi;
const DOMAIN_WORD = /(?<![a-z])(taxi|pickup|zone|megawatt|bike)s?(?![a-z])/gi;

const mayKnow = (path: string): boolean =>
  isUnder(path, 'domains', 'docs', 'tests', 'tools', 'bench/fixtures', 'bench/results') ||
  // The benchmark of monitoring rehearses incidents in the simulated city.
  isUnder(path, 'bench/monitoring') ||
  ['README.md', 'bench/monitoring.ts'].includes(path);

export function domainWords(file: SourceFile): Violation[] {
  if (mayKnow(file.path)) return [];
  const find = (text: string) =>
    [...spelledOut(text).matchAll(DOMAIN_WORD)].map(([word]) => ({
      problem: `the word "${word}" belongs to one domain`,
      fix: 'Make it a field of domains/domain.ts, or use the general word: series, event, target',
    }));
  return eachLine({ path: file.path, text: `${file.path} ${file.text}` }, find);
}

const spelledOut = (text: string): string =>
  text.replace(CALENDAR, '').replace(/([a-z0-9])([A-Z])/g, '$1 $2');
