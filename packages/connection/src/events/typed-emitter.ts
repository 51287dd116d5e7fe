// Node's emitter with the events that a class has: their names and arguments, and `this` in their listeners.
import { EventEmitter } from 'node:events';

/** A listener of an event that is not in the map, as a subclass may have. What it takes nobody knows. */
// With `unknown[]` a listener that declares what it takes would not be accepted: parameters are compared the other way round.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyListener<Self> = (this: Self, ...args: any[]) => void;

/** A listener of one of the events. */
type Listener<Self, Args extends unknown[]> = (this: Self, ...args: Args) => void;

/** An emitter of the events of a map, from name to arguments, and of any others. */
export interface TypedEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter {
  on<K extends keyof Events>(event: K, listener: Listener<this, Events[K]>): this;
  on(event: string | symbol, listener: AnyListener<this>): this;

  once<K extends keyof Events>(event: K, listener: Listener<this, Events[K]>): this;
  once(event: string | symbol, listener: AnyListener<this>): this;

  off<K extends keyof Events>(event: K, listener: Listener<this, Events[K]>): this;
  off(event: string | symbol, listener: AnyListener<this>): this;

  addListener<K extends keyof Events>(event: K, listener: Listener<this, Events[K]>): this;
  addListener(event: string | symbol, listener: AnyListener<this>): this;

  removeListener<K extends keyof Events>(event: K, listener: Listener<this, Events[K]>): this;
  removeListener(event: string | symbol, listener: AnyListener<this>): this;

  prependListener<K extends keyof Events>(event: K, listener: Listener<this, Events[K]>): this;
  prependListener(event: string | symbol, listener: AnyListener<this>): this;

  prependOnceListener<K extends keyof Events>(event: K, listener: Listener<this, Events[K]>): this;
  prependOnceListener(event: string | symbol, listener: AnyListener<this>): this;

  emit<K extends keyof Events>(event: K, ...args: Events[K]): boolean;
  emit(event: string | symbol, ...args: unknown[]): boolean;
}

/** The class to extend: at run time Node's own, with its statics. */
export const TypedEmitter = EventEmitter as unknown as Omit<typeof EventEmitter, 'prototype'> &
  (new <Events extends Record<keyof Events, unknown[]>>() => TypedEmitter<Events>);
