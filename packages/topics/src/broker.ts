// The contract between topics and an engine that carries messages between servers.

/** The place of a message in the history of its topic. */
export interface Position {
  /** Names the history. After the engine has lost its messages, a new epoch begins. */
  readonly epoch: string;
  /** An integer: at least 1 for a message, and 0 before the first one. It grows with each message of a topic. */
  readonly offset: number;
}

/** A message in the history of a topic. */
export interface HistoryMessage {
  readonly data: Uint8Array;
  readonly offset: number;
}

/** What has been published since a position. */
export interface History {
  /** The end of the history: the position of the newest message, or a greater one. Every later message comes after it. */
  readonly position: Position;
  /**
   * The messages after the requested position, oldest first and none missing. Undefined if the position belongs to another epoch, or if
   * messages after it have been removed.
   */
  readonly messages: readonly HistoryMessage[] | undefined;
}

/** The functions that a broker calls. */
export interface BrokerListener {
  /**
   * Called with each message of a topic that the broker has subscribed to, including those of this server. Within a topic, the messages
   * of one publisher arrive in the order in which it published them. With a history, messages arrive in the order of their offsets. A
   * broker leaves out a message that a later one has overtaken, and `previous` of the later one reveals that.
   *
   * @param data must not be changed later
   * @param position present with a history
   * @param previous with a history: the offset of the message before this one in its topic and epoch. For the first message, a smaller
   *   offset than its own; 0 if no message can have been lost before it. Topics use it to find gaps. Default: one less than the offset of the
   *   message
   */
  message(topic: string, data: Uint8Array, position: Position | undefined, previous?: number): void;
  /** Messages may be lost from now on. All subscriptions have ended. */
  interrupted(error: Error): void;
  /** The engine can be reached again, so topics can be subscribed again. */
  restored(): void;
}

/**
 * An engine that carries messages between servers. The name of a topic can be any string, and data any bytes. A broker handles its calls in
 * the order in which they are made, although the caller does not wait for their promises. Only `publish()` may overtake an earlier
 * `subscribe()` or `unsubscribe()`: `Topics` waits where that matters. While the engine cannot be reached, promises reject with a
 * {@link BrokerError}. None stays pending.
 */
export interface Broker {
  /** Whether messages are kept and have positions. */
  readonly hasHistory: boolean;
  /** Sets the listener that the broker calls. Called once, before any other method. */
  listen(listener: BrokerListener): void;
  /**
   * Publishes a message. Resolves when the engine has it. With a history, it resolves to the position of the message.
   *
   * @param data must not be changed before the promise settles. `Topics` passes bytes that nothing else changes.
   */
  publish(topic: string, data: Uint8Array): Promise<Position | undefined>;
  /**
   * Subscribes to a topic. Resolves when the subscription is in effect. With a history, it resolves to a position: all messages after it
   * arrive. It may be greater than that of the newest message. Subscribing again has no other effect.
   */
  subscribe(topic: string): Promise<Position | undefined>;
  unsubscribe(topic: string): Promise<void>;
  /** Returns what has been published since a position. Called only with a history. */
  history(topic: string, since: Position): Promise<History>;
  /** Disconnects from the engine. Pending promises reject, and the listener is not called again. */
  close(): Promise<void>;
}

/** Why a broker, or a message for it, failed. */
export type BrokerErrorCode =
  'WS_ERR_BROKER_CLOSED' | 'WS_ERR_BROKER_QUEUE_FULL' | 'WS_ERR_BROKER_UNREACHABLE';

const MESSAGES: Readonly<Record<BrokerErrorCode, string>> = {
  WS_ERR_BROKER_CLOSED: 'The broker is closed',
  WS_ERR_BROKER_QUEUE_FULL: 'The broker cannot be reached, and the queue for its messages is full',
  WS_ERR_BROKER_UNREACHABLE: 'The broker cannot be reached',
};

/** The broker did not take a message, or did not answer. A message whose `publish()` rejects may have reached other servers. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, cause?: unknown) {
    super(MESSAGES[code], cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
