// What a measured process reports about itself.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Child } from '../src/child.ts';
import { peers } from '../src/peers.ts';
import { scenarios } from '../src/scenarios.ts';

const worker = fileURLToPath(new URL('./worker.mjs', import.meta.url));

/** Microseconds in one tick, the unit of times in `/proc/<pid>/stat` (proc(5)). */
const TICK = 10_000;

/** User and system time of all threads, fields 14 and 15, rounded down to ticks. */
function cpuFromKernel(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, field 2, may contain spaces and parentheses, so fields are counted from the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

test.runIf(existsSync('/proc/self/stat')).each(['framewire', 'bun', 'deno'])(
  'the CPU time that %s reports is that of all its threads, in microseconds',
  async (name) => {
    const peer = peers.find((each) => each.name === name)!;
    const command = (await peer.command(scenarios[0]!, {}))!;
    const args = command.args.map((word) => (word.endsWith('.mjs') ? worker : word));
    const { child } = await Child.start({ ...command, args });
    try {
      await child.call('work');
      const reported = (await child.call('cpu')) as number;
      expect(Math.abs(reported - cpuFromKernel(child.pid))).toBeLessThan(3 * TICK);
      // The time is finer than a tick, because an answer costs much less than one. By chance, one of four may be a multiple of a tick.
      const steps = [];
      for (let i = 0; i < 4; i++) steps.push(((await child.call('cpu')) as number) - reported);
      expect(steps.filter((step) => step % TICK !== 0).length).toBeGreaterThanOrEqual(3);
    } finally {
      await child.stop();
    }
  },
);

test.each([
  ['process.exit(3)', 'ended with 3'],
  ['console.error("There is no such thing."); process.exit(1)', 'ended with 1: There is no such thing.'],
])('a process that ends by %s is reported as: %s', async (script, reason) => {
  const start = Child.start({ program: process.execPath, args: ['-e', script] });
  await expect(start).rejects.toThrow(new Error(reason));
});
