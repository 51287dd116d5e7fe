// The options of topics, of publishing and of subscribing.
import type { Broker, Position } from './broker.ts';
import type { TopicConnection } from './connection.ts';

/** The options of `new Topics()`. Without a broker, the others have no effect. */
export interface TopicsOptions {
  /** Carries messages between servers. Default: none. Topics are then local to this process. */
  readonly broker?: Broker | undefined;
  /**
   * With a history: adds the position of a message to what subscribers receive, so that a client can send it back when it reconnects.
   * Called once for each message, and again when connections recover the message. Text is passed as a string.
   * An error that it throws is an uncaught exception.
   *
   * @returns a string, which is sent as text, or bytes, which are sent as text if the published message was text, and otherwise as binary
   */
  readonly encode?:
    ((data: string | Uint8Array, position: Position, topic: string) => string | Uint8Array) | undefined;
  /**
   * How many bytes of messages may wait while the broker cannot be reached. They are published when it can be reached again. Default 0:
   * `publish()` rejects immediately.
   */
  readonly maxQueued?: number | undefined;
  /** Called when the connection to the broker is lost. */
  readonly onInterrupted?: ((error: Error) => void) | undefined;
  /** Called when the broker can be reached again. */
  readonly onRestored?: (() => void) | undefined;
  /**
   * With a history: called with a topic when subscribers of this process have missed messages that are no longer in the history.
   */
  readonly onMissed?: ((topic: string) => void) | undefined;
}

/** The options of `publish()`. */
export interface PublishOptions {
  /** Whether the message is binary. Default: whether the data is not a string. */
  readonly binary?: boolean | undefined;
  /** Whether the message may be compressed, if a connection has negotiated that. Default true. */
  readonly compress?: boolean | undefined;
  /** A connection of this process that does not receive the message, for example that of its sender. */
  readonly except?: TopicConnection | undefined;
  /**
   * Sends a subscriber that has fallen behind only the newest message for each key, once it drains. `true` is a key that differs from
   * every string. Each topic has its own keys. Default false: every message is sent, within the limits of the connection.
   */
  readonly conflate?: boolean | string | undefined;
}

/** The options of `subscribe()`. */
export interface SubscribeOptions {
  /** The last position that the client has seen. It has no effect without a history. */
  readonly since?: Position | undefined;
}

/** What `subscribe()` resolves to. */
export interface Subscription {
  /** Whether the connection has been sent everything that was published after `since`. False without `since`. */
  readonly recovered: boolean;
  /** With a history: the position after which the connection receives every message. */
  readonly position: Position | undefined;
}
