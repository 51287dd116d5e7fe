// The DOM's attributes and methods for listening, and the types of Node's events, on one class.
import type { ClientRequest, IncomingMessage } from 'node:http';
import {
  addDomListener,
  closedCleanly,
  getDomAttribute,
  removeDomListener,
  setDomAttribute,
  type CloseEvent,
  type DomEventMap,
  type DomEventType,
  type DomListener,
  type DomListenerOptions,
  type ErrorEvent,
  type Event,
  type MessageEvent,
} from './dom-events.ts';
import type { RawData } from '../receiving/raw-data.ts';
import { TypedEmitter } from './typed-emitter.ts';

/** The events of a connection and their arguments; the last three are the client's. */
export interface WebSocketEventMap {
  open: [];
  message: [data: RawData, isBinary: boolean];
  close: [code: number, reason: Buffer];
  error: [error: Error];
  ping: [data: Buffer];
  pong: [data: Buffer];
  drain: [];
  /** `data` is what was passed to `send()`, not a copy. */
  dropped: [data: unknown, isBinary: boolean];
  upgrade: [response: IncomingMessage];
  'unexpected-response': [request: ClientRequest, response: IncomingMessage];
  redirect: [url: string, request: ClientRequest];
}

/** A listener that is set as an attribute; a method's type, so that a subclass, with itself as the target, is still one of its base. */
type AttributeListener<E> = { listen(event: E): void }['listen'] | null;

/**
 * What connections have and those of `ws` do not. A subclass may declare these names otherwise, and so may an interface that is merged
 * with the class: a property of an interface with the type `any` is the only one that allows both.
 */
export interface ConnectionAdditions {
  /** Whether close frames have gone both ways (RFC 6455 §7.1.4), a boolean, until a program assigns another value. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  wasClean: any;
  /**
   * Whether more than `highWaterMark` bytes are waiting to be written, a boolean, until a program assigns another value. `drain` is
   * emitted when fewer are waiting again.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  writableNeedDrain: any;
  /**
   * `drained({ signal }?: { signal?: AbortSignal }): Promise<void>`: resolves when at most `highWaterMark` bytes are waiting to be
   * written, immediately if so already. Rejects with the code `WS_ERR_NOT_OPEN` where the connection is not open, or when it is not any
   * more, and with the reason of the signal when that aborts.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  drained: any;
  /** The last round trip that `heartbeat` has measured, in ms, a number; undefined before the first. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  latency: any;
  /**
   * `flush(): void`: hands what was sent to the stream now, instead of at the end of the turn. A message that is being compressed, or a
   * `Blob` that is being read, comes later.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  flush: any;
  /**
   * `opened: Promise<this>`: resolves when the connection is open, before any of its messages is read. Rejects with the argument of
   * `error`, or with the code `WS_ERR_NOT_OPEN` when the connection is closing or closed.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  opened: any;
}

interface ConnectionEmitter extends TypedEmitter<WebSocketEventMap>, ConnectionAdditions {}
const ConnectionEmitter = TypedEmitter as unknown as Omit<typeof TypedEmitter, 'prototype'> &
  (new () => ConnectionEmitter);

/** An emitter of the events of a WebSocket that can be listened to in Node's way and in the DOM's. */
export abstract class DomEventTarget extends ConnectionEmitter {
  /** @internal Whether close frames have gone both ways (RFC 6455 §7.1.4). */
  abstract get [closedCleanly](): boolean;

  /** Called with each `open` event, as in the DOM; null for none. */
  get onopen(): AttributeListener<Event<this>> {
    return getDomAttribute(this, 'open') as AttributeListener<Event<this>>;
  }

  set onopen(listener: AttributeListener<Event<this>>) {
    setDomAttribute(this, 'open', listener);
  }

  /** Called with each message, as in the DOM: text as a string; null for none. */
  get onmessage(): AttributeListener<MessageEvent<this>> {
    return getDomAttribute(this, 'message') as AttributeListener<MessageEvent<this>>;
  }

  set onmessage(listener: AttributeListener<MessageEvent<this>>) {
    setDomAttribute(this, 'message', listener);
  }

  /** Called with each error, as in the DOM; null for none. */
  get onerror(): AttributeListener<ErrorEvent<this>> {
    return getDomAttribute(this, 'error') as AttributeListener<ErrorEvent<this>>;
  }

  set onerror(listener: AttributeListener<ErrorEvent<this>>) {
    setDomAttribute(this, 'error', listener);
  }

  /** Called when the connection is over, as in the DOM; null for none. */
  get onclose(): AttributeListener<CloseEvent<this>> {
    return getDomAttribute(this, 'close') as AttributeListener<CloseEvent<this>>;
  }

  set onclose(listener: AttributeListener<CloseEvent<this>>) {
    setDomAttribute(this, 'close', listener);
  }

  /** Listens in the DOM's way to `open`, `message`, `error` or `close`. The same listener is added once. */
  addEventListener<K extends DomEventType>(
    type: K,
    listener: DomListener<this, DomEventMap<this>[K]>,
    options?: DomListenerOptions,
  ): void {
    addDomListener(this, type, listener as DomListener<unknown, never>, options);
  }

  /** Removes a listener that `addEventListener()` added. */
  removeEventListener<K extends DomEventType>(
    type: K,
    listener: DomListener<this, DomEventMap<this>[K]>,
  ): void {
    removeDomListener(this, type, listener as DomListener<unknown, never>);
  }
}

for (const name of ['addEventListener', 'onclose', 'onerror', 'onmessage', 'onopen', 'removeEventListener']) {
  Object.defineProperty(DomEventTarget.prototype, name, { enumerable: true });
}
