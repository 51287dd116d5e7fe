/** Finds out which WebSocket a program used, from V8's record of the functions that the program called. */

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Kind } from './installation.ts';

/** The parts of a V8 coverage report that are read. */
interface Report {
  result: {
    url: string;
    functions: { functionName: string; ranges: { count: number }[] }[];
  }[];
}

/** The functions that were called at least once, by the URL of their module. */
export type Called = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads the reports that a program and its children left in a folder (`NODE_V8_COVERAGE`). */
export function calledFunctions(folder: string): Called {
  const called = new Map<string, Set<string>>();
  for (const file of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Report;
    for (const { url, functions } of result) {
      const names = called.get(url) ?? new Set();
      for (const { functionName, ranges } of functions) {
        if ((ranges[0]?.count ?? 0) > 0) names.add(functionName);
      }
      called.set(url, names);
    }
  }
  return called;
}

/** The module of each implementation's connections, and the functions that run when a connection is created and sends. */
const IMPLEMENTATIONS: Readonly<Record<Kind, { module: RegExp; functions: readonly string[] }>> = {
  framewire: {
    module: /\/node_modules\/@framewire\/connection\/dist\/[^/]+$/,
    functions: ['WebSocketConnection', 'send'],
  },
  ws: { module: /\/ws\/lib\/websocket\.js$/, functions: ['WebSocket', 'send'] },
};

/** The implementations whose connections sent messages. */
export function implementationsUsed(called: Called): Kind[] {
  return (Object.keys(IMPLEMENTATIONS) as Kind[]).filter((kind) => {
    const { module, functions } = IMPLEMENTATIONS[kind];
    return [...called].some(([url, names]) => module.test(url) && functions.every((name) => names.has(name)));
  });
}
