/**
 * Purpose: a folder that holds what some URLs give, for domains whose source is a public API.
 * Invariants: a file that is final is fetched once, others at every call; the folder holds these
 * files and no other, and a file is there whole or not at all. The query of a URL, which may hold a
 * key, is in no message.
 * Fails: SOURCE_UNAVAILABLE with what the server said, also where it replies with something else
 * than data; what was fetched before stays.
 */
import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadwayError } from '../../platform/errors.ts';
import { replaceFile } from '../../platform/files/replace-file.ts';
import type { SourceContext } from '../domain.ts';

/** Characters of a reply that is no data. */
const MAX_SHOWN = 80;

/**
 * @param header what data have, and a message of the server does not
 * @returns the folder
 */
export async function keepFiles(
  folder: string,
  urls: readonly (readonly [name: string, url: string, isFinal: boolean])[],
  header: RegExp,
  { logger }: Pick<SourceContext, 'logger'>,
): Promise<string> {
  // The images of training and inference load the domains, and have no HTTP client.
  const { createHttpClient, reasonOf, withoutQuery } = await import(
    '../../platform/http/client.ts'
  );
  const { axios } = createHttpClient({ logger });
  await mkdir(folder, { recursive: true });
  for (const [name, url, isFinal] of urls) {
    const path = join(folder, name);
    if (isFinal && (await access(path).then(...IS_THERE))) continue;
    const where = withoutQuery(url);
    const { data } = await axios
      .get<string>(url, { responseType: 'text', transformResponse: [] })
      .catch((cause: unknown) => {
        throw noData(where, reasonOf(cause), cause);
      });
    if (!header.test(data)) throw noData(where, JSON.stringify(data.slice(0, MAX_SHOWN)));
    await replaceFile(path, data);
  }
  await keepOnly(folder, new Set(urls.map(([name]) => name)));
  return folder;
}

const noData = (where: string, reason: string, cause?: unknown): HeadwayError =>
  new HeadwayError('SOURCE_UNAVAILABLE', `${where} gives no data (${reason})`, {
    ...{ where, cause },
    fix: 'Try again later: what was fetched before stays.',
  });

const IS_THERE = [() => true, () => false] as const;

/** Removes all other files of the folder. */
export async function keepOnly(folder: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder))
    if (!names.has(name)) await rm(join(folder, name), { recursive: true });
}
