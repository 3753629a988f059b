/**
 * Purpose: the texts of a new domain's files.
 * Invariants: as the formatter of this repository has them; whatever a name or a path holds, it is
 * text in them.
 * Fails: never.
 */
import type { Guess } from '../../../domains/sources/guess/guess.ts';
import type { TableDomain } from '../../../domains/sources/table.ts';
import { isMeasured } from '../../../domains/sources/table-declaration.ts';

const MAX_COLUMNS = 100;

export interface SampleRead {
  readonly rowsIn: number;
  readonly rowsUsed: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Series and UTC start of the interval → value: the first few. */
  readonly values: readonly (readonly [string, number])[];
}

/** With an ending that no word of the language and no other name of the files has. */
export const identifierOf = (name: string): string => {
  const camel = name.replace(/-+(.)?/g, (_, letter: string | undefined) =>
    (letter ?? '').toUpperCase(),
  );
  return `${camel}Definition`;
};

export function definitionText(fields: TableDomain): string {
  const { name, unit, missing, table } = fields;
  const isCounted = !isMeasured(table);
  const measured =
    table.aggregate === undefined
      ? 'each value is that of one interval'
      : `the ${table.aggregate} of its values is that of an interval`;
  const row = isCounted ? 'each row is an event' : measured;
  const absent =
    missing === 'zero'
      ? 'an interval without a row is a zero'
      : 'an interval without a row is unknown';
  return `/**
 * Purpose: the domain ${name}: ${comment(unit)}, from tables.
 * Invariants: ${row}; ${absent}.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; a row that cannot be used is rejected and counted.
 */
import type { Domain } from '../domain.ts';
import { tableDomain } from '../sources/table.ts';

export const ${identifierOf(name)}: Domain = tableDomain(${literal(fields, 0)});
`;
}

/** No text ends the comment. */
const comment = (text: string): string => text.replaceAll('*/', '* /').replace(/\s+/g, ' ');

/** A value as TypeScript: in one line where it fits, but for the objects at the top. */
function literal(value: unknown, depth: number, taken = 0): string {
  if (value instanceof RegExp) return String(value);
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value !== 'object') return String(value);
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => literal(item, depth + 1))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => {
          const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
          return `${name}: ${literal(item, depth + 1, name.length + 2)}`;
        });
  if (items.length === 0) return isList ? '[]' : '{}';
  const short = isList ? `[${items.join(', ')}]` : `{ ${items.join(', ')} }`;
  const isTop = depth === 0 || (!isList && depth === 1 && items.length > 2);
  const room = MAX_COLUMNS - 2 * depth - taken - 1;
  if (!isTop && short.length <= room && !short.includes('\n')) return short;
  const indent = '  '.repeat(depth + 1);
  const lines = items.map((item) => `${indent}${item},\n`).join('');
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${lines}${'  '.repeat(depth)}${close}`;
}

/** In the quotes of which it needs fewer escapes. */
const quoted = (text: string): string => {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  const count = (sign: string) => escaped.split(sign).length - 1;
  return count("'") > count('"')
    ? `"${escaped.replaceAll('"', '\\"')}"`
    : `'${escaped.replaceAll("'", "\\'")}'`;
};

export function testText(name: string, read: SampleRead): string {
  const id = identifierOf(name);
  const { rowsIn, rowsUsed, rejected, values } = read;
  const account = literal({ rowsIn, rowsUsed, rejected }, 9);
  const checks = values
    .map(([key, value]) => `    expect(values.get(${quoted(key)})).toBeCloseTo(${value}, 6);\n`)
    .join('');
  return `/** Purpose: what the domain ${name} reads of a sample of its data. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ${id} } from '../../../../domains/${name}/definition.ts';
import { featureFixture } from '../../../fixtures/feature-fixture.ts';

test('the sample is read as the definition says', async () => {
  const fixture = await featureFixture(${id});
  try {
    const { parts, values } = await fixture.read(join(import.meta.dirname, 'sample'));
    expect(parts[0]).toMatchObject(${account});
${checks}  } finally {
    await fixture.remove();
  }
});
`;
}

export function readmeText(fields: TableDomain, guess: Guess): string {
  const { name, title, unit, seriesNoun, defaultSource } = fields;
  const { facts, missing, timeZone, doubts } = guess;
  const sourceFlag = defaultSource === undefined ? ' --source URL' : '';
  const source =
    defaultSource === undefined
      ? '`--source URL`: the address has a user or a query, and is not written here'
      : `\`${defaultSource}\`, or \`--source FILE\``;
  const open = doubts.map(({ flag, chosen, why }) => `- \`${flag}\`: ${chosen}, for ${why}.`);
  return `# ${title}

${unit}, by ${seriesNoun}: ${facts.series} series. \`headway new-domain\` wrote this folder after it
had looked at the data.

| what | how it is read |
|---|---|
| source | ${source} |
| interval | ${guess.frequencyMinutes} minutes by the clock of ${timeZone} |
| an interval without a row | ${missing === 'zero' ? 'a zero' : 'unknown'} |

[definition.ts](definition.ts) is all there is. Correct it there: the files are then read again by
the next run. Its test is in [tests](../../tests/unit/domains/${name}/definition.test.ts), with the
first rows of the data as a sample. Remove the sample where the data are not public.
${open.length > 0 ? `\nThe data does not settle:\n\n${open.join('\n')}\n` : ''}
\`\`\`sh
npm run headway -- features run --domain ${name}${sourceFlag}
npm run headway -- train --domain ${name}
npm run headway -- serve --domain ${name}
\`\`\`

[Make it yours](../../docs/make-it-yours.md) explains each field.
`;
}
