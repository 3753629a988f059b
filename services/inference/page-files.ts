/**
 * Purpose: the files of the page in the browser: read where they were built, bundled from `web/`
 * where they were not.
 * Invariants: in a repository or an image the page is bundled when it is first asked for (a quarter
 * of a second), so there is no build step; a Lambda bundle holds the built files. Nothing is
 * written.
 * Fails: with esbuild's messages, or where a file is missing.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface PageFile {
  /** Relative to where the page is shown. */
  readonly url: string;
  readonly name: string;
  readonly type: string;
}

export const PAGE_FILES: readonly PageFile[] = [
  { url: '/', name: 'page.html', type: 'text/html; charset=utf-8' },
  { url: '/dashboard/page.css', name: 'page.css', type: 'text/css; charset=utf-8' },
  { url: '/dashboard/page.js', name: 'page.js', type: 'text/javascript; charset=utf-8' },
];

/** The bytes of each file of PAGE_FILES, by name. */
export type PageContent = ReadonlyMap<
  string,
  { readonly bytes: Uint8Array; readonly etag: string }
>;

const SCRIPT = 'main.tsx';

/** @param folder `web/`, or a folder with the built files */
export async function readPage(folder: URL): Promise<PageContent> {
  const html = await readFile(new URL('page.html', folder));
  const built = existsSync(new URL(SCRIPT, folder))
    ? await bundlePage(folder)
    : {
        'page.js': await readFile(new URL('page.js', folder)),
        'page.css': await readFile(new URL('page.css', folder)),
      };
  const files = Object.entries<Uint8Array>({ 'page.html': html, ...built });
  return new Map(files.map(([name, bytes]) => [name, { bytes, etag: etagOf(bytes) }]));
}

const etagOf = (bytes: Uint8Array): string =>
  `"${createHash('sha256').update(bytes).digest('hex').slice(0, 20)}"`;

async function bundlePage(folder: URL): Promise<Record<string, Uint8Array>> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(folder),
    entryPoints: { page: SCRIPT },
    outdir: '.',
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
  });
  return Object.fromEntries(
    outputFiles.map(({ path, contents }) => [
      path.endsWith('.css') ? 'page.css' : 'page.js',
      contents,
    ]),
  );
}
