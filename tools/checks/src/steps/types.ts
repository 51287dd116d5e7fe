/** The step that runs the compiler over every package, example and tool. */

import { commandCheck } from '../command.ts';
import { sum } from '../outcome.ts';
import type { Outcome, Step } from '../outcome.ts';

/** One program for all that runs in Node, and one for each folder that meets a browser. */
const PROJECTS = ['.', 'tools/examples', 'tools/start/page'];

export const types: Step = {
  name: 'types',
  title: 'tsc finds no error in any package, example or tool',
  async run() {
    const outcomes: Outcome[] = [];
    for (const project of PROJECTS) {
      outcomes.push(await commandCheck(`tsc in ${project}`, 'tsc', ['-p', project]));
    }
    return sum(outcomes);
  },
};
