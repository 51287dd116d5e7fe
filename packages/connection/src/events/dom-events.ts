// Listeners in the style of the DOM (HTML Standard, "The WebSocket interface") on Node's events.
import type { EventEmitter } from 'node:events';
import { showProperties } from '../inspection.ts';
import type { RawData } from '../receiving/raw-data.ts';

const targetKey = Symbol('target');
const typeKey = Symbol('type');
const codeKey = Symbol('code');
const reasonKey = Symbol('reason');
const wasCleanKey = Symbol('wasClean');
const errorKey = Symbol('error');
const messageKey = Symbol('message');
const dataKey = Symbol('data');

/** The argument of listeners in the style of the DOM. */
export class Event<Target = unknown> {
  // Symbols as keys leave all names free for programs. Unlike private fields, these properties work through a `Proxy`.
  /** @internal */
  declare [typeKey]: string;
  /** @internal */
  declare [targetKey]: Target | null;

  constructor(type: string) {
    this[typeKey] = type;
    this[targetKey] = null;
  }

  get type(): string {
    return this[typeKey];
  }

  /** The connection that emits the event. It is null in an event that a program creates, although the type does not say so. */
  get target(): Target {
    return this[targetKey] as Target;
  }
}

/** The properties of a new {@link CloseEvent}. */
export interface CloseEventInit {
  /** Default 0. */
  code?: number | undefined;
  /** Default ''. */
  reason?: string | undefined;
  /** Default false. */
  wasClean?: boolean | undefined;
}

/** The connection has closed. */
export class CloseEvent<Target = unknown> extends Event<Target> {
  /** @internal */
  declare [codeKey]: number;
  /** @internal */
  declare [reasonKey]: string;
  /** @internal */
  declare [wasCleanKey]: boolean;

  constructor(type: string, { code = 0, reason = '', wasClean = false }: CloseEventInit = {}) {
    super(type);
    this[codeKey] = code;
    this[reasonKey] = reason;
    this[wasCleanKey] = wasClean;
  }

  /** The close code of the peer. 1005 if it sent none, 1006 if it sent no close frame. */
  get code(): number {
    return this[codeKey];
  }

  get reason(): string {
    return this[reasonKey];
  }

  /** Whether each end has sent a close frame. */
  get wasClean(): boolean {
    return this[wasCleanKey];
  }
}

/** The properties of a new {@link ErrorEvent}. */
export interface ErrorEventInit {
  /** Default null. */
  error?: unknown;
  /** Default ''. */
  message?: string | undefined;
}

/** The connection has failed. */
export class ErrorEvent<Target = unknown> extends Event<Target> {
  /** @internal */
  declare [errorKey]: unknown;
  /** @internal */
  declare [messageKey]: string;

  constructor(type: string, { error = null, message = '' }: ErrorEventInit = {}) {
    super(type);
    this[errorKey] = error;
    this[messageKey] = message;
  }

  /** The `Error`. The type is `any`, so that programs can read `code` and other properties. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  get error(): any {
    return this[errorKey];
  }

  get message(): string {
    return this[messageKey];
  }
}

/** The properties of a new {@link MessageEvent}. */
export interface MessageEventInit {
  /** Default null. */
  data?: RawData | string | null | undefined;
}

/** A message has arrived. */
export class MessageEvent<Target = unknown> extends Event<Target> {
  /** @internal */
  declare [dataKey]: RawData | string | null;

  constructor(type: string, { data = null }: MessageEventInit = {}) {
    super(type);
    this[dataKey] = data;
  }

  /** Text as a string, binary data as `binaryType` says. */
  get data(): RawData | string {
    return this[dataKey] as RawData | string;
  }
}

// Enumerable as in the DOM, so that a `for...in` loop over an event finds these properties.
for (const [prototype, properties] of [
  [Event.prototype, ['target', 'type']],
  [CloseEvent.prototype, ['code', 'reason', 'wasClean']],
  [ErrorEvent.prototype, ['error', 'message']],
  [MessageEvent.prototype, ['data']],
] as const) {
  for (const property of properties) Object.defineProperty(prototype, property, { enumerable: true });
}

// The target is not shown, because it would show the whole connection and every connection reachable from it.
showProperties(Event.prototype, ['type']);
showProperties(CloseEvent.prototype, ['type', 'code', 'reason', 'wasClean']);
showProperties(ErrorEvent.prototype, ['type', 'message', 'error']);
showProperties(MessageEvent.prototype, ['type', 'data']);

/** The events for listeners in the style of the DOM, with their arguments. */
export interface DomEventMap<Target> {
  open: Event<Target>;
  message: MessageEvent<Target>;
  error: ErrorEvent<Target>;
  close: CloseEvent<Target>;
}

export type DomEventType = keyof DomEventMap<unknown>;

/** A function, or an object with a method `handleEvent`. */
export type DomListener<Target, E> = ((this: Target, event: E) => void) | { handleEvent(event: E): void };

/** The options of `addEventListener()`. */
export interface DomListenerOptions {
  /** Whether the listener is removed after its first event. Default false. */
  once?: boolean | undefined;
}

/** The key of a property that says whether each end has sent a close frame. */
export const closedCleanly = Symbol('closedCleanly');

/** An emitter with a property that says whether it was closed cleanly. */
export interface DomEventSource extends EventEmitter {
  readonly [closedCleanly]: boolean;
}

type AnyListener = DomListener<unknown, never>;
type Wrapper = (...args: unknown[]) => void;

/** The listener that a wrapper calls. Wrappers are ordinary listeners, so that the other methods of the emitter work as usual. */
interface Registration {
  readonly listener: AnyListener;
  /** Whether it was set as `onopen`, `onmessage` and so on. Each of these has only one listener. */
  readonly isAttribute: boolean;
}

const registrations = new WeakMap<Wrapper, Registration>();

const makeEvent: Record<DomEventType, (target: DomEventSource, args: readonly unknown[]) => Event> = {
  open: () => new Event('open'),
  message(_target, args) {
    const [data, isBinary] = args as [data: RawData, isBinary: boolean];
    return new MessageEvent('message', { data: isBinary ? data : (data as Buffer).toString() });
  },
  error: (_target, [error]) => new ErrorEvent('error', { error, message: messageOf(error) }),
  close(target, args) {
    const [code, reason] = args as [code: number, reason: Buffer];
    return new CloseEvent('close', { code, reason: reason.toString(), wasClean: target[closedCleanly] });
  },
};

/** The message of an error, including one from another realm. A program may emit any other value. */
function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

function isDomEventType(type: string): type is DomEventType {
  return Object.hasOwn(makeEvent, type);
}

/** Adds a listener, unless it has been added. Ignores types that are not events of the DOM. */
export function addDomListener(
  source: DomEventSource,
  type: string,
  listener: AnyListener,
  options: DomListenerOptions = {},
): void {
  if (!isDomEventType(type)) return;
  if (findWrapper(source, type, (known) => !known.isAttribute && known.listener === listener)) return;
  listen(source, type, { listener, isAttribute: false }, options.once === true);
}

/** Removes a listener that {@link addDomListener} added. */
export function removeDomListener(source: DomEventSource, type: string, listener: AnyListener): void {
  const wrapper = findWrapper(source, type, (known) => !known.isAttribute && known.listener === listener);
  if (wrapper !== undefined) source.removeListener(type, wrapper);
}

/** Returns the listener that was set as `on` + type, or null. */
export function getDomAttribute(source: DomEventSource, type: DomEventType): AnyListener | null {
  const wrapper = findWrapper(source, type, (known) => known.isAttribute);
  return (wrapper && registrations.get(wrapper)?.listener) ?? null;
}

/** Sets the listener of `on` + type. Any value but a function removes it. */
export function setDomAttribute(source: DomEventSource, type: DomEventType, listener: unknown): void {
  const wrapper = findWrapper(source, type, (known) => known.isAttribute);
  if (wrapper !== undefined) source.removeListener(type, wrapper);
  if (typeof listener !== 'function') return;
  listen(source, type, { listener: listener as AnyListener, isAttribute: true }, false);
}

function listen(source: DomEventSource, type: DomEventType, registration: Registration, once: boolean): void {
  const wrapper: Wrapper = (...args) => {
    const event = makeEvent[type](source, args);
    event[targetKey] = source;
    callListener(registration.listener, source, event);
  };
  registrations.set(wrapper, registration);
  if (once) source.once(type, wrapper);
  else source.on(type, wrapper);
}

function findWrapper(
  source: EventEmitter,
  type: string,
  matches: (registration: Registration) => boolean,
): Wrapper | undefined {
  return (source.listeners(type) as Wrapper[]).find((wrapper) => {
    const registration = registrations.get(wrapper);
    return registration !== undefined && matches(registration);
  });
}

function callListener(listener: AnyListener, target: unknown, event: Event): void {
  if (typeof listener === 'function') listener.call(target, event as never);
  else listener.handleEvent(event as never);
}
