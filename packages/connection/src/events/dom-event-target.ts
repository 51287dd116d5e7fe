// The base class of connections: Node's events with their types, and the DOM's attributes and methods for listening.
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

/** The events of a connection and their arguments. Only clients emit the last three. */
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

/** A listener that is set as an attribute. The type of a method, so that a subclass stays assignable to its base class. */
type AttributeListener<E> = { listen(event: E): void }['listen'] | null;

/**
 * The members that connections of `ws` lack. Subclasses, and interfaces that are merged with the class, may declare them with other
 * types, which TypeScript allows only for interface properties of type `any`.
 */
export interface ConnectionAdditions {
  /** A boolean: whether each end has sent a close frame (RFC 6455 §7.1.4). A program may assign another value. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  wasClean: any;
  /**
   * A boolean: whether more than `highWaterMark` bytes are waiting to be written. `drain` is emitted when that ends. A program
   * may assign another value.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  writableNeedDrain: any;
  /**
   * `drained({ signal }?: { signal?: AbortSignal }): Promise<void>`: resolves when at most `highWaterMark` bytes are waiting to be
   * written, or immediately if that is so already. Rejects with the code `WS_ERR_NOT_OPEN` if the connection is not open, or closes meanwhile.
   * Rejects with the reason of the signal when the signal aborts.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  drained: any;
  /** A number: the last round trip that `heartbeat` has measured, in ms. `undefined` before the first one. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  latency: any;
  /**
   * `flush(): void`: hands what was sent to the stream now, instead of at the end of the turn. Messages that are still being compressed
   * or read from a `Blob` follow later.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  flush: any;
  /**
   * `opened: Promise<this>`: resolves when the connection is open, before any of its messages is read. Rejects with the argument of
   * `error`, or with the code `WS_ERR_NOT_OPEN` if the connection is closing or closed.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  opened: any;
}

interface ConnectionEmitter extends TypedEmitter<WebSocketEventMap>, ConnectionAdditions {}
const ConnectionEmitter = TypedEmitter as unknown as Omit<typeof TypedEmitter, 'prototype'> &
  (new () => ConnectionEmitter);

/** An emitter of the events of a WebSocket, for listeners in the style of Node and of the DOM. */
export abstract class DomEventTarget extends ConnectionEmitter {
  /** @internal Whether each end has sent a close frame (RFC 6455 §7.1.4). */
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

  /** Called when the connection has closed, as in the DOM; null for none. */
  get onclose(): AttributeListener<CloseEvent<this>> {
    return getDomAttribute(this, 'close') as AttributeListener<CloseEvent<this>>;
  }

  set onclose(listener: AttributeListener<CloseEvent<this>>) {
    setDomAttribute(this, 'close', listener);
  }

  /** Adds a listener of `open`, `message`, `error` or `close`, as in the DOM. The same listener is added only once. */
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
