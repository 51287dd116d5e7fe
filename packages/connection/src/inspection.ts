// What `console.log()` shows of an event and of a connection, whose state has symbols for keys and accessors for names.
import type { inspect, InspectOptionsStylized } from 'node:util';

/** The key under which `util.inspect()` asks an object how to show it. */
const custom = Symbol.for('nodejs.util.inspect.custom');

/**
 * Lets the instances of a class be shown with some of their properties, and with those that a program has given them.
 *
 * @param names The properties, which are read when an instance is shown: reading must change nothing.
 */
export function showProperties(prototype: object, names: readonly string[]): void {
  Object.defineProperty(prototype, custom, {
    value(this: object, depth: number, options: InspectOptionsStylized, show: typeof inspect): string {
      const { name } = this.constructor;
      if (depth < 0) return options.stylize(`[${name}]`, 'special');
      const below = options.depth == null ? options.depth : options.depth - 1;
      return `${name} ${show(shownOf(this, names), { ...options, depth: below })}`;
    },
    configurable: true,
    writable: true,
  });
}

function shownOf(instance: object, names: readonly string[]): Record<string, unknown> {
  const properties = instance as Record<string, unknown>;
  const shown = Object.fromEntries(
    names.filter((name) => name in instance).map((name) => [name, properties[name]]),
  );
  // An EventEmitter keeps its own state under names that start so.
  for (const name of Object.keys(instance)) if (!name.startsWith('_')) shown[name] = properties[name];
  return shown;
}
