// UTF-8 by its grammar (RFC 3629 §4), with a row for each form. It is slow, and written like the RFC.

type Range = readonly [low: number, high: number];

const TAIL: Range = [0x80, 0xbf];

/** `UTF8-octets = *( UTF8-char )`, `UTF8-char = UTF8-1 / UTF8-2 / UTF8-3 / UTF8-4`. */
const UTF8_CHAR: readonly (readonly Range[])[] = [
  [[0x00, 0x7f]],
  [[0xc2, 0xdf], TAIL],
  [[0xe0, 0xe0], [0xa0, 0xbf], TAIL],
  [[0xe1, 0xec], TAIL, TAIL],
  [[0xed, 0xed], [0x80, 0x9f], TAIL],
  [[0xee, 0xef], TAIL, TAIL],
  [[0xf0, 0xf0], [0x90, 0xbf], TAIL, TAIL],
  [[0xf1, 0xf3], TAIL, TAIL, TAIL],
  [[0xf4, 0xf4], [0x80, 0x8f], TAIL, TAIL],
];

/** Whether bytes are whole characters, end within one, or can never become valid text. */
export function readUtf8(bytes: Uint8Array): 'whole' | 'unfinished' | 'invalid' {
  for (let at = 0; at < bytes.length;) {
    const form = UTF8_CHAR.find(([first]) => isIn(first as Range, bytes[at] as number));
    if (form === undefined) return 'invalid';
    for (const range of form) {
      const byte = bytes[at++];
      if (byte === undefined) return 'unfinished';
      if (!isIn(range, byte)) return 'invalid';
    }
  }
  return 'whole';
}

function isIn([low, high]: Range, byte: number): boolean {
  return byte >= low && byte <= high;
}
