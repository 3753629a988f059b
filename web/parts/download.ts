/**
 * Purpose: save a text as a file.
 * Invariants: the text is already here: a link could not send the API key.
 * Fails: never.
 */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
