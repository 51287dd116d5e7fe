// Types for Node's emitter: the names of events, their arguments, and `this` in listeners.
import { EventEmitter } from 'node:events';

/** A listener of an event that is not in the map, for example an event of a subclass. Its arguments are unknown. */
// With `unknown[]`, TypeScript would reject a listener that declares the types of its parameters, because parameters are contravariant.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyListener<Self> = (this: Self, ...args: any[]) => void;

/** A listener of one of the events. */
type Listener<Self, Args extends unknown[]> = (this: Self, ...args: Args) => void;

/** An emitter of the events in a map from names to arguments, and of any other events. */
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

/** The class to extend. At run time it is Node's own class, with its static members. */
export const TypedEmitter = EventEmitter as unknown as Omit<typeof EventEmitter, 'prototype'> &
  (new <Events extends Record<keyof Events, unknown[]>>() => TypedEmitter<Events>);
