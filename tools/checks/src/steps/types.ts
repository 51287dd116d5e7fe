/** The step that runs the compiler over every package, example and tool. */

import { commandCheck } from '../command.ts';
import type { Step } from '../outcome.ts';

export const types: Step = {
  name: 'types',
  title: 'tsc finds no error in any package, example or tool',
  run() {
    return commandCheck('tsc', 'pnpm', ['run', 'typecheck']);
  },
};
