// Delivers a message to the subscribers of this process.
import type { PreparedMessage } from '@framewire/connection';
import { Backlog, isBehind, type Conflated, type ConflationKey } from './backlog.ts';
import { CLOSED, OPEN, type TopicConnection } from './connection.ts';
import type { Subscriber, Subscriptions, Topic } from './subscriptions.ts';

/** The connection that does not receive a message, the key of conflation, and whether messages that wait must not be overtaken. */
export interface DeliveryOptions {
  readonly except?: TopicConnection | undefined;
  readonly conflate?: ConflationKey | false | undefined;
  readonly isOrdered?: boolean | undefined;
}

/**
 * Sends a message to all subscribers of a topic that are open.
 *
 * @throws the first error of a `send()`, after the message has been sent to all others
 */
export function deliver(
  subscriptions: Subscriptions,
  topic: Topic,
  message: PreparedMessage,
  { except, conflate = false, isOrdered = false }: DeliveryOptions,
): void {
  const plain = isOrdered ? sendInOrder(topic, message) : sendTo(message);
  const send = conflate === false ? plain : conflateFor(conflated(topic, conflate, message));
  let failure: { error: unknown } | undefined;
  topic.forEach((subscriber) => {
    const { connection, recoveries } = subscriber;
    if (connection === except) return;
    if (connection.readyState !== OPEN) {
      // It is still subscribed only if the program has removed the listeners of `close`.
      if (connection.readyState === CLOSED) subscriptions.removeAll(connection);
      return;
    }
    // It receives this message with those that it has missed.
    if (recoveries?.has(topic) === true) return;
    try {
      send(subscriber);
    } catch (error) {
      failure ??= { error };
    }
  });
  if (failure !== undefined) throw failure.error;
}

type Send = (subscriber: Subscriber) => void;

function sendTo(message: PreparedMessage): Send {
  return ({ connection }) => {
    connection.send(message);
  };
}

/** A client that recovers sends its last position. So everything before that position must have been sent to it. */
function sendInOrder(topic: Topic, message: PreparedMessage): Send {
  return ({ connection, backlog }) => {
    backlog?.sendNow(topic);
    connection.send(message);
  };
}

function conflateFor(message: Conflated): Send {
  return (subscriber) => {
    const { connection, backlog } = subscriber;
    if (backlog !== undefined) backlog.add(message);
    else if (!isBehind(connection)) connection.send(message.message);
    else {
      subscriber.backlog = new Backlog(connection, message, () => {
        subscriber.backlog = undefined;
      });
    }
  };
}

function conflated(topic: Topic, conflate: ConflationKey, message: PreparedMessage): Conflated {
  const { name } = topic;
  // The length separates the name from the key.
  const key = `${name.length}:${name}${conflate === true ? '' : `:${conflate}`}`;
  return { key, topic, message };
}
