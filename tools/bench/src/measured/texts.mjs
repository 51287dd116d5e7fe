// The messages that servers push and clients send, for the peers and for the load generator, which checks them.
import { Buffer } from 'node:buffer';

/** JSON-like text of `size` bytes. */
function news(number, size) {
  let text = `{"kind":"quote","id":${1000 + number},"values":[`;
  for (let i = 0; text.length < size; i++) text += `${(number * 7919 + i * 104729) % 9973},`;
  return text.slice(0, size);
}

/** The texts that servers push and broadcast in turns, each of `size` bytes. They are the same for all peers. */
export function newsTexts(size) {
  return Array.from({ length: 16 }, (_, i) => news(i, size));
}

/** The message that clients send, of `size` bytes. */
export function clientPayload(size) {
  return Buffer.alloc(size, 'framewire ');
}
