// The events of a reconnecting WebSocket. Not every engine has the event classes of the DOM, so these are separate classes.

/** A connection has ended, or an attempt to connect. Unless the state is `closed`, another attempt follows. */
export class CloseEvent extends Event {
  /** The close code: 1006 without a closing handshake. */
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, { code = 1006, reason = '', wasClean = false }: Partial<Ending> = {}) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** How a connection ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** An attempt to connect or a connection has failed. `close` follows. */
export class ErrorEvent extends Event {
  /** The cause. In Node, it has the HTTP `status` of the response, unless that was 101. */
  readonly error: Error;
  readonly message: string;

  constructor(type: string, { error }: { error: Error }) {
    super(type);
    this.error = error;
    this.message = error.message;
  }
}

/** A message was received. */
export class MessageEvent extends Event {
  /** Text as a string, binary data according to `binaryType`. */
  // `any` as in the DOM, because applications know what their server sends.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;

  constructor(type: string, { data }: { data: unknown }) {
    super(type);
    this.data = data;
  }
}

/**
 * - `connecting`: an attempt or `resubscribe` is running.
 * - `waiting`: the next attempt has not started yet, or the browser is offline.
 * - `open`: messages are sent immediately.
 * - `closed`: no attempt follows.
 */
export type State = 'connecting' | 'waiting' | 'open' | 'closed';

/** The state has changed. */
export class StateChangeEvent extends Event {
  readonly state: State;
  readonly previous: State;
  /** In the state `waiting`: the milliseconds until the next attempt; `Infinity` while the browser is offline. */
  readonly delay: number | undefined;

  constructor(type: string, init: { state: State; previous: State; delay?: number | undefined }) {
    super(type);
    this.state = init.state;
    this.previous = init.previous;
    this.delay = init.delay;
  }
}

/** A message was rejected because the queue is full. */
export class DroppedEvent extends Event {
  readonly data: Message;

  constructor(type: string, { data }: { data: Message }) {
    super(type);
    this.data = data;
  }
}

/** The types of data that can be sent. */
export type Message = string | ArrayBuffer | Blob | ArrayBufferView;

/** The events by their types. */
export interface ReconnectingWebSocketEventMap {
  open: Event;
  message: MessageEvent;
  error: ErrorEvent;
  close: CloseEvent;
  statechange: StateChangeEvent;
  dropped: DroppedEvent;
}

/** A function, or an object with a method `handleEvent`. */
type Listener<K extends keyof ReconnectingWebSocketEventMap> =
  | ((event: ReconnectingWebSocketEventMap[K]) => void)
  | { handleEvent(event: ReconnectingWebSocketEventMap[K]): void }
  | null;

/** An `EventTarget` with typed events. */
export interface TypedEventTarget {
  addEventListener<K extends keyof ReconnectingWebSocketEventMap>(
    type: K,
    listener: Listener<K>,
    options?: boolean | { capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal },
  ): void;
  removeEventListener<K extends keyof ReconnectingWebSocketEventMap>(
    type: K,
    listener: Listener<K>,
    options?: boolean | { capture?: boolean },
  ): void;
  dispatchEvent(event: Event): boolean;
}

/** The base class of a reconnecting WebSocket. */
export const TypedEventTarget = EventTarget as unknown as new () => TypedEventTarget;
