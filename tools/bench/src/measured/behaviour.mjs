// What every measured server does with a message. Each runtime's file passes in `send` and its set of connections.
import { setImmediate } from 'node:timers';
import { task } from './control.mjs';
import { newsTexts } from './texts.mjs';

/**
 * The message handler for the behaviour that the task names. Pushes and broadcasts start outside of the handler, like those that a timer
 * or another service causes.
 *
 * @param send Sends on a connection: `(connection, data, isBinary)`.
 * @param connections The open connections.
 * @param sendToAll Broadcasts a text: `(text)`. Default: in a loop over all connections.
 */
export function messageHandler(send, connections, sendToAll = inLoop(send, connections)) {
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

function inLoop(send, connections) {
  return (text) => {
    for (const connection of connections) send(connection, text, false);
  };
}
