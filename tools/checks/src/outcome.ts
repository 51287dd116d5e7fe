/** The outcome of a check or a run of tests, and how outcomes add up. */

/** The counts of tests and checks. `notes` explain what failed or was skipped, and are printed after the step. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  notes: string[];
}

/** One step of the run. */
export interface Step {
  /** Its name for `--only`. */
  name: string;
  /** What it proves, for `--help`. */
  title: string;
  /** Rejects only if the step itself is broken, which counts as one failure. */
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

/** The outcome of a check, which passes if there are no complaints. */
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

/** The counts, in the format of the last line of a run. */
export function formatTally({ passed, failed, skipped }: Omit<Outcome, 'notes'>): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
