/** What a check or a run of tests came to, and how outcomes add up. */

/** Counted tests and checks; `notes` are the sentences about what failed or was left out, printed below the step. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  notes: string[];
}

/** One step of the run. */
export interface Step {
  /** By which `--only` names it. */
  name: string;
  /** What it proves, for `--help`. */
  title: string;
  /** Rejects only when the step itself is broken, which counts as one failure. */
  run(): Promise<Outcome>;
}

export function passed(count = 1): Outcome {
  return { passed: count, failed: 0, skipped: 0, notes: [] };
}

export function failed(note: string, count = 1): Outcome {
  return { passed: 0, failed: count, skipped: 0, notes: [note] };
}

export function skipped(note: string, count = 1): Outcome {
  return { passed: 0, failed: 0, skipped: count, notes: [note] };
}

/** One check that passes when it has nothing to complain about. */
export function judged(name: string, complaints: readonly string[]): Outcome {
  return complaints.length === 0
    ? passed()
    : failed(`${name}:\n${complaints.map((line) => `  ${line}`).join('\n')}`);
}

export function sum(outcomes: readonly Outcome[]): Outcome {
  const total = passed(0);
  for (const outcome of outcomes) {
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped += outcome.skipped;
    total.notes.push(...outcome.notes);
  }
  return total;
}

/** The sum in the words of the last line of a run. */
export function formatTally({ passed, failed, skipped }: Omit<Outcome, 'notes'>): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
