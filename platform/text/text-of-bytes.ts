/**
 * Purpose: the text of bytes in any encoding of the WHATWG standard.
 * Invariants: windows-1252 has its own characters from 0x80 to 0x9F, such as € and the dashes.
 * Fails: a RangeError for an encoding that there is not.
 */

/**
 * @param encoding a label of the standard, such as windows-1252 or utf-16le
 */
export function textOfBytes(bytes: Uint8Array, encoding: string | undefined): string {
  const decoder = new TextDecoder(encoding);
  // In one step some releases of Node take windows-1252 for Latin-1 (nodejs/node#56542).
  return decoder.decode(bytes, { stream: true }) + decoder.decode();
}

export function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}
