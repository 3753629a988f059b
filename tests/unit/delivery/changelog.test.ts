/** Purpose: the changelog has the version of package.json, and changes that wait can be collected. */
import { expect, test } from '@jest/globals';
import { filesIn, textOf } from '../../fixtures/delivery/delivery-files.ts';

const { name, version } = JSON.parse(textOf('package.json'));
const CHANGE = /^---\n"([^"]+)": (patch|minor|major)\n---\n\n\S/;

test('the newest version of the changelog is that of package.json', () => {
  const versions = [...textOf('CHANGELOG.md').matchAll(/^## (\S+)$/gm)].map(([, one]) => one);
  expect(versions[0]).toBe(version);
  // Newer versions are inserted after the first line.
  expect(textOf('CHANGELOG.md')).toMatch(/^# .*\n\n## /);
});

test('each pending change names the package and its size', () => {
  const waiting = filesIn('.changeset').filter((path) => /(?<!README)\.md$/.test(path));
  for (const path of waiting) expect([path, CHANGE.exec(textOf(path))?.[1]]).toEqual([path, name]);
  expect('---\n"headway": tiny\n---\n\nx').not.toMatch(CHANGE);
});
