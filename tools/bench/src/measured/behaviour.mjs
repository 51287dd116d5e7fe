// What every measured server does with a message, said once: each runtime's file gives `send` and the set of everybody.
import { setImmediate } from 'node:timers';
import { task } from './control.mjs';
import { newsTexts } from './texts.mjs';

/**
 * The handler of messages for the behaviour that was asked for. Pushing and broadcasting begin outside of the handler, as what
 * a timer or another service causes does.
 *
 * @param send How a connection sends: `(connection, data, isBinary)`.
 * @param everybody The open connections.
 * @param sendToAll How a text is broadcast: `(text)`. Default: in a loop over everybody.
 */
export function messageHandler(send, everybody, sendToAll = inLoop(send, everybody)) {
  const { behaviour, count = 1 } = task;
  if (behaviour === 'echo') return send;
  const variants = newsTexts(task.size);
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
        for (let i = 0; i < count; i++) sendToAll(variants[turn++ % variants.length]);
      });
    };
  }
  throw new Error(`unknown behaviour ${behaviour}`);
}

function inLoop(send, everybody) {
  return (text) => {
    for (const connection of everybody) send(connection, text, false);
  };
}
