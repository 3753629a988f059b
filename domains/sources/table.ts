/**
 * Purpose: most domains as a declaration: which files, and what their columns mean. Files are CSV,
 * Parquet, JSON lines or workbooks, compressed or not: one, a folder of them, nested or not, or a
 * URL.
 * Invariants: every row of every file is used or rejected for a counted reason; a cell that says
 * nothing (blank, NA) is no row. A changed declaration is a changed source: the files are read
 * again.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; at opening RAW_FILE_INVALID with the file and the line.
 */
import { stat } from 'node:fs/promises';
import { basename, relative, sep } from 'node:path';
import { sha256 } from '../../platform/files/content-hash.ts';
import { filesFingerprint, sourceFiles } from '../../platform/files/source-files.ts';
import { withoutQuery } from '../../platform/http/without-query.ts';
import type { Domain, RawPart, Source, SourceContext } from '../domain.ts';
import { isMeasured, TABLE_FILE, type Table } from './table-declaration.ts';

/** What a definition may leave out. */
type Defaults = Pick<
  Domain,
  | 'quantiles'
  | 'integerValued'
  | 'holidays'
  | 'pastExogenous'
  | 'futureExogenous'
  | 'defaultSource'
  | 'quickSource'
  | 'seriesTitle'
  | 'openSource'
>;

export type TableDomain = Omit<Domain, keyof Defaults> &
  Partial<Defaults> & { readonly table: Table };

/** A domain whose data are tables. Whole numbers where events are counted; no holidays. */
export function tableDomain({ table, ...fields }: TableDomain): Domain {
  return {
    quantiles: [0.1, 0.5, 0.9],
    integerValued: !isMeasured(table),
    holidays: null,
    pastExogenous: [],
    futureExogenous: [],
    defaultSource: null,
    quickSource: null,
    seriesTitle: (seriesId) => seriesId,
    openSource: (spec, context) => openTable(table, spec, context),
    ...fields,
  };
}

/** Opens the files of a folder, or one file, as a source. */
export async function openTable(
  table: Table,
  spec: string,
  context: Pick<SourceContext, 'logger' | 'rawFolder'>,
): Promise<Source> {
  const { logger, rawFolder } = context;
  if (isRemote(spec)) return openRemote(table, spec, context);
  const wanted = {
    noun: 'table',
    isWanted: (name: string) => (table.files ?? TABLE_FILE).test(name),
    fix: `Give a folder with files that match ${table.files ?? TABLE_FILE}.`,
    isNested: true,
  };
  // A single file is what its user names, whatever `files` says.
  const { isFolder, nameOf } = await namesIn(spec);
  const list = (more = {}) =>
    sourceFiles(spec, { ...wanted, ...(!isFolder && { isWanted: () => true }), ...more });
  await list();
  const partOf = async (name: string, feed: string, paths: readonly string[]): Promise<RawPart> => {
    const content = await filesFingerprint(paths, nameOf);
    return {
      name,
      feed,
      ...content,
      fingerprint: sha256(`${declarationText(table)}\n${content.fingerprint}`),
      span: null,
      open: async () =>
        (await import('./table-rows.ts')).tableRows(table, paths, nameOf, rawFolder),
    };
  };
  return {
    description: `tables in ${spec}`,
    async parts() {
      const paths = await list({ logger });
      if (table.part !== 'file') return [await partOf('rows', 'rows', paths)];
      const isFeed = typeof table.series === 'object' && 'files' in table.series;
      const parts: RawPart[] = [];
      for (const path of paths)
        parts.push(await partOf(nameOf(path), isFeed ? nameOf(path) : 'rows', [path]));
      return parts;
    },
  };
}

/** How the files of a folder, or the one file, are named: the same on every system. */
export async function namesIn(spec: string) {
  const isFolder = await stat(spec).then(
    (found) => found.isDirectory(),
    () => true,
  );
  const nameOf = (path: string): string =>
    isFolder ? relative(spec, path).split(sep).join('/') : basename(path);
  return { isFolder, nameOf };
}

/** A file on the web: it is looked for again whenever parts are asked for. */
async function openRemote(
  table: Table,
  url: string,
  context: Pick<SourceContext, 'logger' | 'rawFolder'>,
): Promise<Source> {
  return {
    description: `the table at ${withoutQuery(url)}`,
    async parts() {
      const path = await (await import('./remote-table.ts')).fetchTable(url, context);
      return (await openTable(table, path, context)).parts();
    },
  };
}

export const isRemote = (spec: string): boolean => /^https?:\/\//i.test(spec);

/** What decides how a file is read, as text: expressions by their source. */
export const declarationText = (table: Table): string =>
  JSON.stringify(table, (_, value) => (value instanceof RegExp ? String(value) : value));
