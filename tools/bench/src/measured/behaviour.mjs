// What every measured server does with a message, said once: each runtime's file gives `send` and the set of everybody.
import { setImmediate } from 'node:timers';
import { task } from './control.mjs';

/** JSON-like text of so many bytes. */
function variant(number, size) {
  let text = `{"kind":"quote","id":${1000 + number},"values":[`;
  for (let i = 0; text.length < size; i++) text += `${(number * 7919 + i * 104729) % 9973},`;
  return text.slice(0, size);
}

/** Texts that change with each turn, as news would, and are the same for all who get them. */
export function newsTexts() {
  return Array.from({ length: 16 }, (_, i) => variant(i, task.size));
}

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
  const variants = newsTexts();
  let turn = 0;
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
