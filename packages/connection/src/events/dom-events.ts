// The DOM's way of listening (HTML Standard, "The WebSocket interface") on top of Node's events.
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

/** What the listeners of `addEventListener()` are given. */
export class Event<Target = unknown> {
  // The state of an event has symbols for keys: a `Proxy` reaches them, and names stay free.
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

  /** The connection that emits the event; null, which the type leaves out, in an event that a program makes. */
  get target(): Target {
    return this[targetKey] as Target;
  }
}

/** What a {@link CloseEvent} is made of. */
export interface CloseEventInit {
  /** Default 0. */
  code?: number | undefined;
  /** Default ''. */
  reason?: string | undefined;
  /** Default false. */
  wasClean?: boolean | undefined;
}

/** The connection is over. */
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

  /** The peer's close code: 1005 for none, 1006 without a closing handshake. */
  get code(): number {
    return this[codeKey];
  }

  get reason(): string {
    return this[reasonKey];
  }

  /** Whether close frames have gone both ways. */
  get wasClean(): boolean {
    return this[wasCleanKey];
  }
}

/** What an {@link ErrorEvent} is made of. */
export interface ErrorEventInit {
  /** Default null. */
  error?: unknown;
  /** Default ''. */
  message?: string | undefined;
}

/** Something went wrong. */
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

  /** What was thrown: an `Error`. Programs look at its `code` and whatever else it has, without asking what it is. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  get error(): any {
    return this[errorKey];
  }

  get message(): string {
    return this[messageKey];
  }
}

/** What a {@link MessageEvent} is made of. */
export interface MessageEventInit {
  /** Default null. */
  data?: RawData | string | null | undefined;
}

/** A message has come. */
export class MessageEvent<Target = unknown> extends Event<Target> {
  /** @internal */
  declare [dataKey]: RawData | string | null;

  constructor(type: string, { data = null }: MessageEventInit = {}) {
    super(type);
    this[dataKey] = data;
  }

  /** Text as a string, binary data by `binaryType`. */
  get data(): RawData | string {
    return this[dataKey] as RawData | string;
  }
}

// As in the DOM, so that a look at an event, or a copy of it, shows what it holds.
for (const [prototype, properties] of [
  [Event.prototype, ['target', 'type']],
  [CloseEvent.prototype, ['code', 'reason', 'wasClean']],
  [ErrorEvent.prototype, ['error', 'message']],
  [MessageEvent.prototype, ['data']],
] as const) {
  for (const property of properties) Object.defineProperty(prototype, property, { enumerable: true });
}

// Not the target: it would show all of the connection, and every connection that it leads to.
showProperties(Event.prototype, ['type']);
showProperties(CloseEvent.prototype, ['type', 'code', 'reason', 'wasClean']);
showProperties(ErrorEvent.prototype, ['type', 'message', 'error']);
showProperties(MessageEvent.prototype, ['type', 'data']);

/** The events that can be listened to in the DOM's way, with what the listener is given. */
export interface DomEventMap<Target> {
  open: Event<Target>;
  message: MessageEvent<Target>;
  error: ErrorEvent<Target>;
  close: CloseEvent<Target>;
}

export type DomEventType = keyof DomEventMap<unknown>;

/** A function, or an object with a method `handleEvent`. */
export type DomListener<Target, E> = ((this: Target, event: E) => void) | { handleEvent(event: E): void };

/** How to listen. */
export interface DomListenerOptions {
  /** Whether the listener is removed after its first event. Default false. */
  once?: boolean | undefined;
}

/** The key under which an emitter says whether close frames have gone both ways. */
export const closedCleanly = Symbol('closedCleanly');

/** An emitter that can tell whether its closing was clean. */
export interface DomEventSource extends EventEmitter {
  readonly [closedCleanly]: boolean;
}

type AnyListener = DomListener<unknown, never>;
type Wrapper = (...args: unknown[]) => void;

/** What a wrapper stands for: kept beside it, so that `removeListener` and `listeners` of the emitter work as ever. */
interface Registration {
  readonly listener: AnyListener;
  /** Whether it was set as `onopen`, `onmessage`, ...: of those there is one. */
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

/** The message of an error, of this realm or another; a program may emit anything else. */
function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

function isDomEventType(type: string): type is DomEventType {
  return Object.hasOwn(makeEvent, type);
}

/** Adds a listener once; other types than those of the DOM are not listened to. */
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

/** The listener that was set as `on` + type, or null. */
export function getDomAttribute(source: DomEventSource, type: DomEventType): AnyListener | null {
  const wrapper = findWrapper(source, type, (known) => known.isAttribute);
  return (wrapper && registrations.get(wrapper)?.listener) ?? null;
}

/** Sets the listener of `on` + type; anything but a function removes it. */
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
