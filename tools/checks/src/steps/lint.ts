/** The step that reads the sources: eslint, prettier, knip. */

import { commandCheck } from '../command.ts';
import { sum } from '../outcome.ts';
import type { Step } from '../outcome.ts';

export const lint: Step = {
  name: 'lint',
  title: 'eslint, prettier and knip find nothing wrong',
  async run() {
    return sum(
      await Promise.all([
        commandCheck('eslint', 'eslint', ['.', '--max-warnings=0', '--no-color']),
        commandCheck('prettier', 'prettier', ['--check', '--log-level=warn', '--no-color', '.']),
        commandCheck('knip', 'knip', ['--no-config-hints']),
      ]),
    );
  },
};
