// Decodes text that `textOf` in `assembly/compile.mjs` writes. The text is not base64, which compresses worse in an npm archive.

/** The printable ASCII characters, in order, except those that need an escape in a string or in an HTML script. */
const CHARACTERS =
  ' !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~';
/** The last two characters are prefixes: they add BASE, or twice BASE, to the next value. */
const BASE = CHARACTERS.length - 2;

/** Decodes a text. */
export function bytesOf(text: string): Uint8Array {
  const values = new Map(Array.from(CHARACTERS, (character, index) => [character, index]));
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let offset = 0;
  for (const character of text) {
    const value = values.get(character) as number;
    if (value < BASE) {
      bytes[length++] = offset + value;
      offset = 0;
    } else {
      offset = (value - BASE + 1) * BASE;
    }
  }
  return bytes.subarray(0, length);
}
