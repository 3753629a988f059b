/**
 * Purpose: reads Markdown as GitHub shows it: fenced blocks, headings and their anchors, links; and
 * shell lines inside fences.
 * Invariants: what stands in a fence or a comment is no heading and no link.
 * Fails: never.
 */

export interface Fence {
  readonly language: string;
  readonly text: string;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export const fencesOf = (markdown: string): Fence[] =>
  [...markdown.matchAll(FENCE)].map((match) => ({
    language: match[1] ?? '',
    text: match[2] ?? '',
  }));

const prose = (markdown: string): string =>
  markdown.replace(FENCE, '').replace(/<!--[\s\S]*?-->/g, '');

/**
 * The anchors that GitHub gives to headings: lower case, punctuation gone, spaces to dashes,
 * repeats numbered.
 */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const match of prose(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const text = (match[1] as string).replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const plain = text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let anchor = plain;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${plain}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Targets of links and pictures, Markdown's and HTML's. Code spans hold none. */
export function linksOf(markdown: string): string[] {
  const text = prose(markdown).replace(/`[^`\n]*`/g, '`');
  return [...text.matchAll(/\]\(([^)\s]+)[^)]*\)|(?:src|href)="([^"]+)"/g)].map(
    (match) => (match[1] ?? match[2]) as string,
  );
}

/** The command lines of `sh` fences: continued lines joined, comments gone. */
export const shellLinesOf = (markdown: string): string[] =>
  fencesOf(markdown)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');

/** Splits a line into words as a shell does, for the quotes that documents use. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)].map(
    (match) => match[1] ?? match[2] ?? match[0],
  );
