/**
 * Purpose: put text from elsewhere, such as names of files and series, on a terminal safely.
 * Invariants: new lines, tabs and our own colours stay; every other control character is shown as
 * its code, so that no name moves the cursor or changes the terminal.
 * Fails: never.
 */

/** A colour, as charts and tables print them. */
const COLOUR = '\\u001b\\[[0-9;]*m';
const OTHERS = new RegExp(
  `${COLOUR}|[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]`,
  'g',
);

const code = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

export const printable = (text: string): string =>
  text.replace(OTHERS, (found) => (found.length > 1 ? found : code(found)));
