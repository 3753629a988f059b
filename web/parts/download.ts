/**
 * Purpose: save a text, or bytes, as a file.
 * Invariants: the content is already here: a link could not send the API key.
 * Fails: never.
 */
export function save(name: string, type: string, content: string | ArrayBuffer): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
