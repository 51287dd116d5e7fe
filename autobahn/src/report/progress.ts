/** Shows the progress of a run: a line for each complete section, and in a terminal a counter that is rewritten. */

import { sectionOf } from '../case.ts';
import { formatSection } from './summary.ts';
import type { Case } from '../case.ts';
import type { Run } from '../run.ts';

/** Where progress is shown. If `isTTY` is true, a line can be rewritten. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The progress of one agent. */
export class Progress {
  readonly #screen: Screen;
  readonly #cases: readonly Case[];
  readonly #runs: Run[] = [];

  constructor(screen: Screen, cases: readonly Case[]) {
    this.#screen = screen;
    this.#cases = cases;
  }

  add(run: Run): void {
    this.#runs.push(run);
    const section = sectionOf(run.testCase);
    const done = this.#runs.filter(({ testCase }) => sectionOf(testCase) === section).length;
    const all = this.#cases.filter((testCase) => sectionOf(testCase) === section).length;
    if (done === all) this.#line(`${formatSection(section, this.#runs, this.#cases)}\n`);
    this.#line(
      `  ${this.#runs.length} of ${this.#cases.length}, section ${section}: ${done} of ${all}`,
      true,
    );
  }

  end(): void {
    this.#line('', true);
  }

  #line(text: string, isTemporary = false): void {
    if (this.#screen.isTTY) this.#screen.write(`\r\u001b[K${text}`);
    else if (!isTemporary) this.#screen.write(text);
  }
}
