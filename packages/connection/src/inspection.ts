// What `console.log()` shows of events and connections. By default, it would show their internal state, whose keys are symbols.
import type { inspect, InspectOptionsStylized } from 'node:util';

/** The name of the method that `util.inspect()` calls to show an object. */
const custom = Symbol.for('nodejs.util.inspect.custom');

/**
 * Makes `util.inspect()` show instances of a class with the named properties, and with properties that a program has added.
 *
 * @param names of properties that can be read without side effects
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
  // An EventEmitter keeps its state in properties whose names start with an underscore.
  for (const name of Object.keys(instance)) if (!name.startsWith('_')) shown[name] = properties[name];
  return shown;
}
