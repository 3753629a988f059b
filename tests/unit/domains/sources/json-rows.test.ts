/** Purpose: pages of JSON become lines of one file, and a server cannot lead elsewhere. */
import { expect, test } from '@jest/globals';
import { jsonRows } from '../../../../domains/sources/kept-files.ts';
import type { HttpClient } from '../../../../platform/http/client.ts';

interface Page {
  readonly items?: readonly object[];
  readonly next?: string;
}

/** A client that knows these pages and no others. */
const clientOf = (pages: Readonly<Record<string, Page | string>>) =>
  ({
    axios: {
      async get(url: string) {
        const page = pages[url];
        if (page === undefined) throw new Error(`not asked for in this test: ${url}`);
        return { data: typeof page === 'string' ? page : JSON.stringify(page) };
      },
    },
  }) as unknown as HttpClient;

const fetchRows = jsonRows({
  rows: (page) => (page as Page).items ?? null,
  next: (page) => (page as Page).next ?? null,
});
const FIRST = 'https://api.example/items?key=test-key-0000';

test('follows the pages in order, and stops at an empty one', async () => {
  const client = clientOf({
    [FIRST]: { items: [{ a: 1 }, { a: 2 }], next: 'https://api.example/2' },
    'https://api.example/2': { items: [{ a: 3 }], next: 'https://api.example/3' },
    'https://api.example/3': { items: [], next: 'https://api.example/4' },
  });
  expect(await fetchRows(client, FIRST)).toBe('{"a":1}\n{"a":2}\n{"a":3}\n');
});

test.each([
  ['a page on another host', { items: [{}], next: 'https://elsewhere.example/' }, 'another host'],
  ['a next page without a host', { items: [{}], next: 'items?page=2' }, 'has no address'],
  ['a page that is itself the next', { items: [{}], next: FIRST }, 'more than 1000 pages'],
  ['a page without rows', { next: FIRST }, 'returned no data'],
  ['a page that is no JSON', 'Bad gateway', 'Bad gateway'],
])('refuses %s without showing the query', async (_, page, said) => {
  const failure = await fetchRows(clientOf({ [FIRST]: page }), FIRST).catch((error) => error);
  expect(failure).toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringContaining(said),
    where: 'https://api.example/items',
  });
  expect(String(failure)).not.toContain('test-key-0000');
});
