/** The step that runs the compiler over every package, example and tool. */

import { run } from '../command.ts';
import { failed, passed, sum } from '../outcome.ts';
import type { Step } from '../outcome.ts';

export const types: Step = {
  name: 'types',
  title: 'tsc finds no error in any package, example or tool',
  async run() {
    const options = ['--continue=always', '--output-logs=errors-only', '--ui=stream'];
    const { code, output } = await run('turbo', ['run', 'typecheck', ...options]);
    // turbo's own sum: "Tasks:    9 successful, 11 total", one task a workspace.
    const tasks = /Tasks:\s+(\d+) successful, (\d+) total/.exec(output);
    const successful = Number(tasks?.[1] ?? 0);
    const total = Number(tasks?.[2] ?? 0);
    if (code === 0 && total > 0 && successful === total) return passed(total);
    return sum([passed(successful), failed(output.trim(), Math.max(1, total - successful))]);
  },
};
