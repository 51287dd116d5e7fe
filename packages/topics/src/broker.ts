// What topics need of an engine that carries messages between servers.

/** Where a message is in the history of its topic. */
export interface Position {
  /** Of which history: another one begins where the engine has lost its messages. */
  readonly epoch: string;
  /** An integer from 0 on. Each message of a topic has a greater one than the message before it. */
  readonly offset: number;
}

/** A message in the history of a topic. */
export interface HistoryMessage {
  readonly data: Uint8Array;
  readonly offset: number;
}

/** What has been published since a position. */
export interface History {
  /** The position up to which there are no other messages: that of the newest one, or a greater one. */
  readonly position: Position;
  /**
   * The messages after the requested position, oldest first and none missing. Undefined where the position belongs to another epoch, or
   * messages after it have been removed.
   */
  readonly messages: readonly HistoryMessage[] | undefined;
}

/** What a broker calls. */
export interface BrokerListener {
  /**
   * A message of a topic that the broker has subscribed to, those of this server included. Within a topic, messages of one publisher come
   * in the order in which it has published them, and with history all messages in the order of their offsets.
   *
   * @param data not changed later
   * @param position with history
   * @param previous with history: the offset of the message before it in its topic, or a smaller one where there is none. A gap is
   *   found by it. Default: one less than the offset of the message
   */
  message(topic: string, data: Uint8Array, position: Position | undefined, previous?: number): void;
  /** Messages may be missed from now on. All subscriptions have ended. */
  interrupted(error: Error): void;
  /** The engine can be reached again: what was subscribed can be subscribed anew. */
  restored(): void;
}

/**
 * An engine that carries messages between servers. Messages of one broker, and its calls that subscribe and unsubscribe, take effect in
 * the order in which they are made, without waiting for their promises. Topic names and data are arbitrary. While the engine cannot be reached, promises reject with a
 * {@link BrokerError}; none stays pending.
 */
export interface Broker {
  /** Whether messages are kept and have positions. */
  readonly hasHistory: boolean;
  /** Sets the listener that the broker calls. Called once, before any other method. */
  listen(listener: BrokerListener): void;
  /** Publishes a message. Resolves when the engine has it: with its position, if there is history. */
  publish(topic: string, data: Uint8Array): Promise<Position | undefined>;
  /**
   * Resolves when messages of the topic come: with history, with the position after which they all do, which may be greater than that
   * of the newest message. Subscribing again does nothing else.
   */
  subscribe(topic: string): Promise<Position | undefined>;
  unsubscribe(topic: string): Promise<void>;
  /** What has been published since a position. Only with history. */
  history(topic: string, since: Position): Promise<History>;
  /** Lets go of the engine. Promises that are pending reject, and the listener is not called any more. */
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
