/** Purpose: the OpenAPI document, and the page that shows it. */
import { expect, test } from '@jest/globals';
import { documentation } from '../../../../../services/inference/plugins/documentation.ts';
import { domain } from '../../../../fakes/inference.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test.each([true, false])('serves the document with the page: %s', async (hasPage) => {
  const app = await bareApp(async (app) =>
    app.register(documentation, { domain, hasKeys: true, hasPage, urlPrefix: '' }),
  );
  await app.ready();
  expect(Object.keys(app.swagger().paths ?? {})).toEqual(['/data', '/page']);
  const page = await app.inject('/docs/');
  expect(page.statusCode).toBe(hasPage ? 200 : 404);
  // The page takes its scripts from this host, and holds none inline.
  expect(page.body).not.toMatch(/<script(?![^>]*src="\.?\/)/);
  await app.close();
});
