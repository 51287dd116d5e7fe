// The protocol between the driver and a measured process, for Node, Bun and Deno: requests and answers are lines of JSON, on standard
// input and output. Nothing is sent during a measurement.
import * as perfHooks from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { collectGarbage } from './garbage.mjs';

/** The task from the driver: the last argument, as JSON. */
export const task = JSON.parse(process.argv.at(-1) ?? '{}');

/** Watches the event loop. Only on request, because its timer costs a little. */
let loop;
/** Counts garbage collections. Only on request. */
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
  /** CPU microseconds, user and system, of all threads of this process, including threads that have ended. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** Starts to watch the event loop. Only in Node. */
  watch() {
    loop = perfHooks.monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
  },
  /** Stops watching. Returns the longest time between two ticks of a timer of 1 ms, in ms: 1 if the event loop was never busy. */
  held() {
    loop.disable();
    return loop.max / 1e6;
  },
  /** Starts to count garbage collections. Only in Node. */
  countCollections() {
    collections = { minor: 0, major: 0 };
    collector = new perfHooks.PerformanceObserver((list) => countCollections(list.getEntries()));
    collector.observe({ entryTypes: ['gc'] });
  },
  /** Stops counting. Returns how many collections of the young generation and of the whole heap there were. */
  async collections() {
    // An entry is created in the turn after its collection.
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
    // Without its stack, which has paths: errors are shown in results.
    say({ id, error: String(error) });
  }
}

let rest = '';

/**
 * Reports to the driver that the process is ready, and listens for its commands.
 *
 * @param ready What the driver needs to know, such as the port.
 * @param more Commands in addition to those above.
 */
export function serveDriver(ready, more = {}) {
  Object.assign(commands, more);
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) void answer(JSON.parse(line));
  });
  // The driver has ended, or wants this process to end.
  process.stdin.on('end', () => process.exit(0));
  say({ ready });
}
