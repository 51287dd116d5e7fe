// What every measured server does with a message, said once: each runtime's file gives `send` and the set of everybody.
import { setImmediate } from 'node:timers';
import { task } from './control.mjs';

/** Text that changes with each turn, as news would, and is the same for all who get it. */
const variants = Array.from({ length: 16 }, (_, i) => variant(i, task.size ?? 64));

/** JSON-like text of so many bytes. */
function variant(number, size) {
  let text = `{"kind":"quote","id":${1000 + number},"values":[`;
  for (let i = 0; text.length < size; i++) text += `${(number * 7919 + i * 104729) % 9973},`;
  return text.slice(0, size);
}

let turn = 0;

/**
 * The handler of messages for the behaviour that was asked for. Pushing and broadcasting begin outside of the handler, as what
 * a timer or another service causes does.
 *
 * @param send How a connection sends: `(connection, data, isBinary)`.
 * @param everybody The open connections.
 */
export function messageHandler(send, everybody) {
  const { behaviour, count = 1 } = task;
  if (behaviour === 'echo') return send;
  if (behaviour === 'push') {
    return (connection) => {
      setImmediate(() => {
        const text = variants[turn++ % variants.length];
        for (let i = 0; i < count; i++) send(connection, text, false);
      });
    };
  }
  if (behaviour === 'broadcast') {
    return () => {
      setImmediate(() => {
        for (let i = 0; i < count; i++) {
          const text = variants[turn++ % variants.length];
          for (const connection of everybody) send(connection, text, false);
        }
      });
    };
  }
  throw new Error(`unknown behaviour ${behaviour}`);
}

/** The texts as bytes, for servers that write frames themselves. */
export function texts() {
  return variants.map((text) => Buffer.from(text));
}
