// Bytes as text: `textOf` of `assembly/compile.mjs` writes it. Not base64, of which an archive is a third longer.

/** In their order, the printable characters of ASCII which need no escape in a string or a script. */
const CHARACTERS =
  ' !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~';
/** The last two stand before a byte from here on, or from twice as much on. */
const BASE = CHARACTERS.length - 2;

/** The bytes of a text. */
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
