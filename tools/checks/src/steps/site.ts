/** The step that builds the documentation site and checks it. */

import { vitest } from '../vitest.ts';
import type { Step } from '../outcome.ts';

/** The tests that need the built site. */
export const SITE_TESTS = 'tools/site/test/built.test.ts';

export const site: Step = {
  name: 'site',
  title: 'the documentation site builds, its links and anchors exist, and it works in browsers',
  async run() {
    const { outcome } = await vitest(process.execPath, 'site', [SITE_TESTS]);
    return outcome;
  },
};
