// How the driver talks to the process it measures: a line of JSON each way, over standard input and output, in Node, Bun
// and Deno alike. Nothing is said while messages are being counted.
import * as perfHooks from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { collectGarbage } from './garbage.mjs';

/** What the driver asked for: the last argument, as JSON. */
export const task = JSON.parse(process.argv.at(-1) ?? '{}');

/** Watches the event loop while it is asked for, as its timer costs a little. */
let loop;
/** Counts collections of garbage while it is asked for. */
let collector;
let collections;

function countCollections(entries) {
  const { NODE_PERFORMANCE_GC_MINOR: minor, NODE_PERFORMANCE_GC_MAJOR: major } = perfHooks.constants;
  for (const { detail } of entries) {
    if (detail.kind === minor) collections.minor++;
    else if (detail.kind === major) collections.major++;
  }
}

const commands = {
  /** Microseconds of all threads of this process, user and system, those that have ended too: in Node, Bun and Deno alike. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** Begins to watch the event loop. Node only. */
  watch() {
    loop = perfHooks.monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
  },
  /** The most milliseconds between two ticks of a timer of one since `watch`, which ends: 1 where nothing held the event loop. */
  held() {
    loop.disable();
    return loop.max / 1e6;
  },
  /** Begins to count collections of garbage. Node only. */
  countCollections() {
    collections = { minor: 0, major: 0 };
    collector = new perfHooks.PerformanceObserver((list) => countCollections(list.getEntries()));
    collector.observe({ entryTypes: ['gc'] });
  },
  /** How many collections of the young generation and of the whole heap there were since `countCollections`, which ends. */
  async collections() {
    // An entry is made in the turn after its collection.
    await setImmediate();
    countCollections(collector.takeRecords());
    collector.disconnect();
    return collections;
  },
  async memory() {
    await collectGarbage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed, external };
  },
};

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function answer({ id, command, argument }) {
  try {
    say({ id, result: await commands[command](argument) });
  } catch (error) {
    // Without its stack: what is told ends up in results, which are no place for paths.
    say({ id, error: String(error) });
  }
}

let rest = '';

/**
 * Tells the driver that all is set, and listens for its commands.
 *
 * @param ready What the driver has to know, such as the port.
 * @param more Commands beside those above.
 */
export function serveDriver(ready, more = {}) {
  Object.assign(commands, more);
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) void answer(JSON.parse(line));
  });
  // The driver is gone.
  process.stdin.on('end', () => process.exit(0));
  say({ ready });
}
