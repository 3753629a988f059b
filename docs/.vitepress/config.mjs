/**
 * Purpose: the site of these documents, by VitePress: `npm run docs:site` writes build/site, with a
 * search. The pages are the Markdown of docs/ as it is.
 * Invariants: a link to a page inside docs/ stays inside the site; one to any other file of the
 * repository leads to it on GitHub. A page or an anchor that is not there fails the build.
 * Fails: as VitePress does.
 */
import { readdirSync, readFileSync } from 'node:fs';

const DOCS = new URL('../', import.meta.url);
const { name } = JSON.parse(readFileSync(new URL('../package.json', DOCS), 'utf8'));
// In a workflow of GitHub the repository is known; elsewhere links to code lead to the main page.
const { GITHUB_REPOSITORY: repository = `OWNER/${name}` } = process.env;
const CODE = `https://github.com/${repository}/blob/main/`;

const textOf = (path) => readFileSync(new URL(path, DOCS), 'utf8');
const titleOf = (path) => /^# (.*)$/m.exec(textOf(path))?.[1].replaceAll('`', '') ?? path;
const pagesIn = (folder) =>
  readdirSync(new URL(folder, DOCS))
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => ({ text: titleOf(folder + file), link: `/${folder}${file.slice(0, -3)}` }));

/** In the order of docs/README.md; a page that it does not name comes last. */
function sidebar() {
  const index = textOf('README.md');
  const place = ({ link }) => (index.indexOf(`](${link.slice(1)}.md`) + 1e6) % 1e6 || 1e6;
  const pages = pagesIn('').sort((a, b) => place(a) - place(b));
  return [
    { text: 'Documents', items: pages },
    { text: 'Decisions', collapsed: true, items: pagesIn('decisions/') },
  ];
}

/** `<name>` in a text is a text, as on GitHub; comments and images stay. */
function unknownTagsAsText(markdown) {
  const inline = markdown.renderer.rules.html_inline;
  markdown.renderer.rules.html_inline = (tokens, at, ...rest) =>
    /^<(!--|img\b|br\b)/.test(tokens[at].content)
      ? inline(tokens, at, ...rest)
      : markdown.utils.escapeHtml(tokens[at].content);
}

/** Files outside docs/, and files in it that are no page, are read on GitHub. */
function codeOnGitHub(markdown) {
  markdown.core.ruler.push('code-on-github', ({ tokens, env }) => {
    for (const { children } of tokens)
      for (const token of children ?? []) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null;
        if (href === null || /^([a-z]+:|#|\/)/.test(href)) continue;
        const target = new URL(href, `file:///docs/${env.relativePath ?? ''}`).pathname.slice(1);
        if (!target.startsWith('docs/') || !/\.md$/.test(target))
          token.attrSet('href', CODE + target);
      }
  });
}

export default {
  title: titleOf('../README.md'),
  description: 'Time-series demand forecasting, end to end.',
  base: process.env.SITE_BASE ?? '/',
  cleanUrls: false,
  outDir: '../build/site',
  cacheDir: '../build/site-cache',
  rewrites: { 'README.md': 'index.md', 'decisions/README.md': 'decisions/index.md' },
  markdown: {
    config: (markdown) => {
      unknownTagsAsText(markdown);
      codeOnGitHub(markdown);
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: sidebar(),
    socialLinks: [{ icon: 'github', link: `https://github.com/${repository}` }],
  },
};
