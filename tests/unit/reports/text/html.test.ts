import { expect, test } from '@jest/globals';
import { html } from '../../../../reports/text/html.ts';

test('escapes values but not markup, joins lists and omits null', () => {
  const evil = '<img src=x onerror="alert(1)">\u0000';
  const item = (text: string) => html`<li class="${text}">${text}</li>`;
  expect(html`<p>${evil}</p>`.text).toBe('<p>&lt;img src=x onerror=&quot;alert(1)&quot;&gt;</p>');
  expect(html`<ul>${['a', "'"].map(item)}${null}${undefined}${false}${0}</ul>`.text).toBe(
    '<ul><li class="a">a</li><li class="&#39;">&#39;</li>0</ul>',
  );
});
