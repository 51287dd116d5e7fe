// The DOM's way of listening (HTML Standard, "The WebSocket interface") on top of Node's events.
import type { EventEmitter } from 'node:events';
import type { RawData } from './message-data.ts';

/** What the listeners of `addEventListener()` are given. */
export class Event<Target = unknown> {
  readonly #type: string;
  readonly #target: Target;

  constructor(type: string, target: Target) {
    this.#type = type;
    this.#target = target;
  }

  get type(): string {
    return this.#type;
  }

  get target(): Target {
    return this.#target;
  }
}

/** The connection is over. */
export class CloseEvent<Target = unknown> extends Event<Target> {
  readonly #code: number;
  readonly #reason: string;
  readonly #wasClean: boolean;

  constructor(target: Target, code: number, reason: string, wasClean: boolean) {
    super('close', target);
    this.#code = code;
    this.#reason = reason;
    this.#wasClean = wasClean;
  }

  /** The peer's close code: 1005 for none, 1006 without a closing handshake. */
  get code(): number {
    return this.#code;
  }

  get reason(): string {
    return this.#reason;
  }

  /** Whether close frames have gone both ways. */
  get wasClean(): boolean {
    return this.#wasClean;
  }
}

/** Something went wrong. */
export class ErrorEvent<Target = unknown> extends Event<Target> {
  readonly #error: unknown;
  readonly #message: string;

  constructor(target: Target, error: unknown) {
    super('error', target);
    this.#error = error;
    this.#message = error instanceof Error ? error.message : String(error);
  }

  /** What was thrown: an `Error`. Programs look at its `code` and whatever else it has, without asking what it is. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  get error(): any {
    return this.#error;
  }

  get message(): string {
    return this.#message;
  }
}

/** A message has come. */
export class MessageEvent<Target = unknown> extends Event<Target> {
  readonly #data: RawData | string;

  constructor(target: Target, data: RawData | string) {
    super('message', target);
    this.#data = data;
  }

  /** Text as a string, binary data by `binaryType`. */
  get data(): RawData | string {
    return this.#data;
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

/** An emitter that can tell whether its closing was clean. */
export interface DomEventSource extends EventEmitter {
  readonly wasClean: boolean;
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
  open: (target) => new Event('open', target),
  message(target, args) {
    const [data, isBinary] = args as [data: RawData, isBinary: boolean];
    return new MessageEvent(target, isBinary ? data : (data as Buffer).toString());
  },
  error: (target, [error]) => new ErrorEvent(target, error),
  close(target, args) {
    const [code, reason] = args as [code: number, reason: Buffer];
    return new CloseEvent(target, code, reason.toString(), target.wasClean);
  },
};

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
    callListener(registration.listener, source, makeEvent[type](source, args));
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
