// How topics are made, and how they are published and subscribed to.
import type { Broker, Position } from './broker.ts';
import type { TopicConnection } from './connection.ts';

/** The options of `new Topics()`. Without a broker, none of them has an effect. */
export interface TopicsOptions {
  /** Carries messages between servers. Default: none, so that topics are those of this process. */
  readonly broker?: Broker | undefined;
  /**
   * Where the broker has a history: puts the position of a message into what subscribers receive, so that a client can say it when it
   * comes back. Called once for each message, with text as a string.
   *
   * @returns a string for a text message; bytes for a message of the kind that was published
   */
  readonly encode?:
    ((data: string | Uint8Array, position: Position, topic: string) => string | Uint8Array) | undefined;
  /**
   * How many bytes of messages may wait while the broker cannot be reached. They are published when it can. Default 0: `publish()`
   * rejects immediately.
   */
  readonly maxQueued?: number | undefined;
  /** Called when the broker cannot be reached any more. */
  readonly onInterrupted?: ((error: Error) => void) | undefined;
  /** Called when it can be reached again. */
  readonly onRestored?: (() => void) | undefined;
  /**
   * Where the broker has a history: called when subscribers of this process have missed messages of a topic that the history does not
   * have any more.
   */
  readonly onMissed?: ((topic: string) => void) | undefined;
}

/** How to publish one message. */
export interface PublishOptions {
  /** Whether it is binary. Default: whether the data is not a string. */
  readonly binary?: boolean | undefined;
  /** Whether it may be compressed, where that was negotiated. Default true. */
  readonly compress?: boolean | undefined;
  /** A connection of this process that does not receive it: that of the sender, for example. */
  readonly except?: TopicConnection | undefined;
  /**
   * Sends a subscriber that has fallen behind only the newest message for each key, once it drains. `true` is a key of its own. Keys
   * belong to their topic. Default false: every message is sent, within the limits that the connection has.
   */
  readonly conflate?: boolean | string | undefined;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** The last position that the client has seen. Has an effect where the broker has a history. */
  readonly since?: Position | undefined;
}

/** What a subscription begins with. */
export interface Subscription {
  /** Whether the connection has been sent all that was published after `since`. False without `since`. */
  readonly recovered: boolean;
  /** With history: the position of the topic, from which the connection receives every message. */
  readonly position: Position | undefined;
}
