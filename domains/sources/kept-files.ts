/**
 * Purpose: a folder that holds what some URLs give, for domains whose source is a public API.
 * Invariants: a file that is final is fetched once, others at every call; the folder holds these
 * files and no other, and a file is there whole or not at all; without a row there is none.
 * The query of a URL, which may hold a key, is in no message.
 * Fails: SOURCE_UNAVAILABLE with what the server said, also where it replies with something else
 * than data; what was fetched before is kept.
 */
import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadwayError } from '../../platform/errors.ts';
import { replaceFile } from '../../platform/files/replace-file.ts';
import type { HttpClient } from '../../platform/http/client.ts';
import { withoutQuery } from '../../platform/http/without-query.ts';
import type { SourceContext } from '../domain.ts';

/** Characters of a reply that is not data. */
const MAX_SHOWN = 80;
/** Characters of the shortest key that an API gives. */
const MIN_KEY = 6;

/**
 * What is not final yet has another name than what is: else the part that was there at the first
 * fetch would count as the whole.
 */
export type KeptFile = readonly [name: string, url: string, isFinal: boolean];

/** Gives the text of a file from its URL; fails as `keepFiles` does. */
export type Fetch = (client: HttpClient, url: string) => Promise<string>;

/** @returns the folder */
export async function keepFiles(
  folder: string,
  files: readonly KeptFile[],
  fetch: Fetch,
  { logger }: Pick<SourceContext, 'logger'>,
): Promise<string> {
  // The images of training and inference load the domains, and have no HTTP client.
  const { createHttpClient } = await import('../../platform/http/client.ts');
  const client = createHttpClient({ logger });
  await mkdir(folder, { recursive: true });
  const kept = new Set<string>();
  for (const [name, url, isFinal] of files) {
    const path = join(folder, name);
    if (!isFinal || !(await access(path).then(...IS_THERE))) {
      const text = await fetch(client, url);
      // The first hours of a month: there is no row yet, and an empty file is not a table.
      if (text === '') continue;
      await replaceFile(path, text);
    }
    kept.add(name);
  }
  await keepOnly(folder, kept);
  return folder;
}

/** The reply itself. @param header what data have, and a message of the server does not */
export const textWith =
  (header: RegExp): Fetch =>
  async (client, url) => {
    const text = await replyOf(client, url);
    if (!header.test(text)) throw noData(url, shown(text, url));
    return text;
  };

export interface JsonPages {
  /** The rows of a page; null if it is not data. */
  rows(page: unknown): readonly object[] | null;
  /** Where the page after this one is; null where it is the last. Absent: there is one page. */
  next?(page: unknown, url: string): string | null;
}

/** More pages than an API gives of one file: a server that never ends them is refused. */
const MAX_PAGES = 1000;

/** The rows of all pages as JSON lines. */
export const jsonRows =
  ({ rows, next }: JsonPages): Fetch =>
  async (client, url) => {
    const lines: string[] = [];
    let at: string | null = url;
    for (let page = 0; at !== null; page++) {
      if (page === MAX_PAGES) throw noData(url, `more than ${MAX_PAGES} pages`);
      const text: string = await replyOf(client, at);
      const body = parsed(text);
      const found = body === undefined ? null : rows(body);
      if (!found) throw noData(at, shown(text, at));
      for (const row of found) lines.push(`${JSON.stringify(row)}\n`);
      at = found.length === 0 ? null : (next?.(body, at) ?? null);
      if (at !== null && !URL.canParse(at)) throw noData(url, 'the next page has no address');
      if (at !== null && new URL(at).origin !== new URL(url).origin)
        throw noData(url, `the next page is on another host, ${new URL(at).host}`);
    }
    return lines.join('');
  };

/** The beginning of a reply, without what it repeats of the query: that may be a key. */
function shown(text: string, url: string): string {
  let open = text;
  for (const value of new URL(url).searchParams.values())
    if (value.length >= MIN_KEY) open = open.replaceAll(value, '…');
  return JSON.stringify(open.slice(0, MAX_SHOWN));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function replyOf({ axios }: HttpClient, url: string): Promise<string> {
  const { reasonOf } = await import('../../platform/http/client.ts');
  const { data } = await axios
    .get<string>(url, { responseType: 'text', transformResponse: [] })
    .catch((cause: unknown) => {
      throw noData(url, reasonOf(cause), cause);
    });
  return data;
}

const noData = (url: string, reason: string, cause?: unknown): HeadwayError => {
  const where = withoutQuery(url);
  return new HeadwayError('SOURCE_UNAVAILABLE', `${where} returned no data (${reason})`, {
    ...{ where, cause },
    fix: 'Try again later: what was fetched before is kept.',
  });
};

const IS_THERE = [() => true, () => false] as const;

/** Removes all other files of the folder. */
export async function keepOnly(folder: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder))
    if (!names.has(name)) await rm(join(folder, name), { recursive: true });
}
