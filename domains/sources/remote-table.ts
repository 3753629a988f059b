/**
 * Purpose: a table at an address of the web as a local file.
 * Invariants: what has not changed (ETag) is not fetched again; an interrupted download is resumed;
 * where the address does not respond, the file that was fetched before is read, with a warning.
 * Fails: SOURCE_INVALID for an address that does not read; SOURCE_UNAVAILABLE, SOURCE_NOT_FOUND;
 * STORE_FULL.
 */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { createHttpClient, reasonOf } from '../../platform/http/client.ts';
import { download } from '../../platform/http/download.ts';
import { tlsFix } from '../../platform/http/tls.ts';
import { withoutQuery } from '../../platform/http/without-query.ts';
import { decoded } from '../../platform/text/decoded.ts';
import type { SourceContext } from '../domain.ts';
import { TABLE_FILE } from './table-declaration.ts';

/** More than any file that is fetched as a whole at each run should have. */
const MAX_BYTES = 4e9;

export async function fetchTable(
  url: string,
  { rawFolder, logger }: Pick<SourceContext, 'rawFolder' | 'logger'>,
): Promise<string> {
  if (!URL.canParse(url))
    throw new HeadwayError('SOURCE_INVALID', 'this is not a web address', {
      where: withoutQuery(url),
      fix: 'Write it as https://HOST/PATH.',
    });
  const folder = join(rawFolder, 'web', sha256(url).slice(0, 12));
  await mkdir(folder, { recursive: true });
  const path = join(folder, nameOf(url));
  const client = createHttpClient({ logger });
  const isKept = async () => (await stat(path).catch(() => null)) !== null;
  const where = withoutQuery(url);
  try {
    const isSound = async (file: string) => (await stat(file)).size > 0;
    const outcome = await download(client, url, path, { maxBytes: MAX_BYTES, isSound });
    if (outcome !== 'absent') return path;
  } catch (error) {
    if (isHeadwayError(error)) throw error;
    if (!(await isKept())) {
      throw new HeadwayError('SOURCE_UNAVAILABLE', `the download failed (${reasonOf(error)})`, {
        where,
        fix:
          tlsFix(String((error as { code?: unknown }).code)) ??
          'Check the network and run again: what was downloaded so far is kept and resumed.',
        cause: error,
      });
    }
    logger.warn({ url: where, reason: reasonOf(error) }, 'the download failed');
  }
  if (await isKept()) return path;
  throw new HeadwayError('SOURCE_NOT_FOUND', 'there is no file at this address', {
    where,
    fix: 'Open the address in a browser, and give the address of the file itself.',
  });
}

/** The last part of the path; CSV where that does not say what it is. */
function nameOf(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const safe = decoded(last)
    .replace(/[^\w.-]+/g, '_')
    .replace(/^\.+/, '');
  return TABLE_FILE.test(safe) ? safe : `${safe}.csv`;
}
