/** Purpose: the site of the documents lists every page, and leads to code on GitHub. */
import { expect, test } from '@jest/globals';
import { filesIn, textOf } from '../../fixtures/delivery/delivery-files.ts';

const { default: site } = await import('../../../docs/.vitepress/config.mjs' as string);

test('the sidebar lists every page and decision in the order of the index', () => {
  const [pages, decisions] = site.themeConfig.sidebar;
  const links = [...pages.items, ...decisions.items].map(({ link }: { link: string }) => link);
  const files = [...filesIn('docs'), ...filesIn('docs/decisions')]
    .filter((path) => path.endsWith('.md') && !path.endsWith('README.md'))
    .map((path) => path.replace(/^docs/, '').replace(/\.md$/, ''));
  expect([...links].sort()).toEqual(files.sort());
  const index = textOf('docs/README.md');
  const named = [...index.matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, name]) => `/${name}`);
  expect(links.slice(0, 3)).toEqual(named.slice(0, 3));
});

test('links out of docs/ lead to the repository, and unknown tags are text', () => {
  const rules: Record<string, (...given: unknown[]) => string> = { html_inline: () => 'as it is' };
  const links = ['../README.md', 'tour.md#try-it', 'https://example.org', '#here'].map((given) => {
    let href = given;
    const attrSet = (_name: string, value: string) => {
      href = value;
    };
    return { type: 'link_open', attrGet: () => given, attrSet, is: () => href };
  });
  const push = (_name: string, rule: (state: object) => void) =>
    rule({ tokens: [{ children: links }], env: { relativePath: 'ledger.md' } });
  const escapeHtml = (text: string) => text.replaceAll('<', '&lt;');
  site.markdown.config({ core: { ruler: { push } }, renderer: { rules }, utils: { escapeHtml } });
  const [readme, ...others] = links.map((link) => link.is());
  expect(readme).toMatch(/^https:\/\/github\.com\/.*\/blob\/main\/README\.md$/);
  expect(others).toEqual(['tour.md#try-it', 'https://example.org', '#here']);
  expect(rules.html_inline?.([{ content: '<sql>' }], 0)).toBe('&lt;sql>');
  expect(rules.html_inline?.([{ content: '<br>' }], 0)).toBe('as it is');
});
