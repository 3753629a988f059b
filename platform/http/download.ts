/**
 * Purpose: downloads a file: resumes after an interruption, and does not fetch an unchanged file
 * again.
 * Invariants: `path` holds a complete file or none: bytes collect in `path.part` and are renamed
 * when their number and their kind are right, so an error page never replaces a good file; no more
 * than `maxBytes` are written; `path.etag` says which version `path` is; a part is continued only
 * if the server says it is still the same version (If-Range).
 * Fails: STORE_FULL; else with the last error (an AxiosError or a plain Error) after the client's
 * number of retries; 403 and 404 give the result 'absent', because a bucket returns either for a
 * missing file.
 */
import { createWriteStream, rmSync, writeFileSync } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import type { AxiosResponse } from 'axios';
import { HeadwayError } from '../errors.ts';
import { sleep } from '../timers.ts';
import { type HttpClient, reasonOf } from './client.ts';
import { withoutQuery } from './without-query.ts';

export type DownloadResult = 'downloaded' | 'unchanged' | 'absent';

interface Version {
  readonly etag: string;
  readonly bytes: number;
}

export interface DownloadChecks {
  readonly maxBytes: number;
  /** Whether a complete file is of the expected kind. */
  isSound(path: string): Promise<boolean>;
}

/** What was received is refused; another attempt would receive the same. */
class RefusedDownload extends Error {}

export async function download(
  client: HttpClient,
  url: string,
  path: string,
  checks: DownloadChecks,
): Promise<DownloadResult> {
  for (let attempt = 1; ; attempt++) {
    const begun = await versionOf(`${path}.part`, `${path}.part.etag`);
    // An error before the body was already retried by the client: it ends the download.
    const abort = new AbortController();
    const response = await request(client, url, path, begun, abort.signal);
    try {
      return await settle({ client, response, abort, path, begun, checks });
    } catch (error) {
      if (error instanceof RefusedDownload) {
        await removePart(path);
        throw error;
      }
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
        throw new HeadwayError('STORE_FULL', 'the disk is full', {
          where: path,
          fix: 'Free some space.',
          cause: error,
        });
      }
      if (attempt > client.retries) throw error;
      client.logger.warn(
        { url: withoutQuery(url), attempt, reason: reasonOf(error) },
        'download was interrupted, resuming',
      );
      await sleep(client.delayMs(attempt));
    }
  }
}

async function request(
  client: HttpClient,
  url: string,
  path: string,
  begun: Version | null,
  signal: AbortSignal,
): Promise<AxiosResponse<IncomingMessage>> {
  const headers: Record<string, string> = { 'Accept-Encoding': 'identity' };
  const finished = await versionOf(path, `${path}.etag`);
  if (begun && begun.bytes > 0 && !begun.etag.startsWith('W/')) {
    headers.Range = `bytes=${begun.bytes}-`;
    headers['If-Range'] = begun.etag;
  } else if (finished) headers['If-None-Match'] = finished.etag;
  const validateStatus = (status: number) => [200, 206, 304, 403, 404, 416].includes(status);
  return client.axios.get(url, {
    headers,
    responseType: 'stream',
    maxContentLength: -1, // `maxBytes` is the limit
    decompress: false,
    signal,
    validateStatus,
  });
}

interface Receiving {
  readonly client: HttpClient;
  readonly response: AxiosResponse<IncomingMessage>;
  readonly abort: AbortController;
  readonly path: string;
  readonly begun: Version | null;
  readonly checks: DownloadChecks;
}

async function settle(receiving: Receiving): Promise<DownloadResult> {
  const { response, path } = receiving;
  const { status } = response;
  if (status === 200 || status === 206) return receive(receiving);
  response.data.resume();
  if (status === 304) return 'unchanged';
  if (status === 416) {
    await removePart(path);
    throw new Error('the server no longer has this range');
  }
  return 'absent';
}

const removePart = (path: string) =>
  Promise.all([rm(`${path}.part`, { force: true }), rm(`${path}.part.etag`, { force: true })]);

async function receive(receiving: Receiving): Promise<DownloadResult> {
  const { client, response, abort, path, begun, checks } = receiving;
  const part = `${path}.part`;
  const etag = String(response.headers.etag ?? '');
  const continued = response.status === 206;
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(String(response.headers['content-range'] ?? ''));
  if (continued && (!range || Number(range[1]) !== begun?.bytes || (etag && etag !== begun.etag))) {
    abort.abort();
    await rm(part, { force: true });
    throw new Error('the server continued at a different position');
  }
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  const expected = range && continued ? Number(range[2]) : length;
  const tooLarge = () => new RefusedDownload(`it is larger than ${checks.maxBytes} bytes`);
  if (expected > checks.maxBytes) {
    abort.abort();
    throw tooLarge();
  }
  // Synchronous: an await before the body has listeners would miss an interruption and lose bytes.
  if (!continued) {
    // In this order: bytes of an old version never have the new version's ETag, not even after a
    // crash in between.
    rmSync(part, { force: true });
    writeFileSync(`${part}.etag`, JSON.stringify({ etag }));
  }

  const room = checks.maxBytes - (continued ? (begun?.bytes ?? 0) : 0);
  const cut = await save(response.data, part, continued, { timeoutMs: client.timeoutMs, room });
  const { size } = await stat(part);
  if (size > checks.maxBytes) throw tooLarge();
  if (cut) throw cut;
  if (Number.isFinite(expected) && size !== expected) {
    if (size > expected) await rm(part, { force: true });
    throw new Error(`received ${size} of ${expected} bytes`);
  }
  if (!(await checks.isSound(part)))
    throw new RefusedDownload('what was received is not a file of the expected kind');
  const file = await open(part, 'r+');
  await file.sync();
  await file.close();
  await rename(part, path);
  // After the rename: a crash in between leaves an old ETag, which only costs another download.
  await writeFile(`${path}.etag`, JSON.stringify({ etag, bytes: size }));
  await rm(`${part}.etag`, { force: true });
  return 'downloaded';
}

/**
 * Writes a body to disk and returns the error that interrupted it, if any. Not `pipeline`: where
 * the source fails it drops bytes that have arrived but are not written, and the next attempt
 * resumes after these.
 */
async function save(
  body: IncomingMessage,
  path: string,
  append: boolean,
  { timeoutMs, room }: { readonly timeoutMs: number; readonly room: number },
): Promise<Error | null> {
  const file = createWriteStream(path, { flags: append ? 'a' : 'w' });
  const written = finished(file);
  written.catch(() => {}); // awaited below
  // A connection may stall without closing: stop when no bytes arrive for a while.
  const watch = setTimeout(
    () => body.destroy(new Error(`no bytes received for ${timeoutMs} ms`)),
    timeoutMs,
  );
  const cut = await new Promise<Error | null>((resolve) => {
    if (body.destroyed) resolve(new Error('the connection was closed'));
    body.once('end', () => resolve(null));
    body.once('error', resolve);
    body.once('close', () => resolve(new Error('the connection was closed')));
    file.once('error', resolve);
    let received = 0;
    body.on('data', (bytes: Buffer) => {
      watch.refresh();
      received += bytes.length;
      if (received > room) body.destroy(new Error('more bytes than are accepted'));
    });
    body.pipe(file, { end: false });
  });
  clearTimeout(watch);
  body.unpipe(file);
  body.on('error', () => {}); // destroying it below may raise again
  body.destroy();
  file.end();
  await written;
  return cut;
}

/** The version of a file on disk, or null where it is not certain. */
async function versionOf(path: string, sidecar: string): Promise<Version | null> {
  try {
    const [{ size }, text] = await Promise.all([stat(path), readFile(sidecar, 'utf8')]);
    const noted = JSON.parse(text) as { etag?: string; bytes?: number };
    if (!noted.etag || (noted.bytes !== undefined && noted.bytes !== size)) return null;
    return { etag: noted.etag, bytes: size };
  } catch {
    return null;
  }
}
