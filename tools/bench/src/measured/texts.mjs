// What servers and clients say of their own accord, for those who say it and for the load generator, which looks whether they did.
import { Buffer } from 'node:buffer';

/** JSON-like text of so many bytes. */
function news(number, size) {
  let text = `{"kind":"quote","id":${1000 + number},"values":[`;
  for (let i = 0; text.length < size; i++) text += `${(number * 7919 + i * 104729) % 9973},`;
  return text.slice(0, size);
}

/** What servers push and broadcast, each text of so many bytes: it changes with each turn, as news would, and is the same for all. */
export function newsTexts(size) {
  return Array.from({ length: 16 }, (_, i) => news(i, size));
}

/** What clients send, of so many bytes. */
export function clientPayload(size) {
  return Buffer.alloc(size, 'framewire ');
}
