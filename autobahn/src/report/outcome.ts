/** Which verdicts count as passed, and how two verdicts on the same case compare. */

/** The two values of a case, from a run or from an index. */
export interface Verdicts {
  readonly behavior: string;
  readonly behaviorClose: string;
}

/** From good to bad. A value that is not listed counts as the worst. */
const BEHAVIORS = ['OK', 'INFORMATIONAL', 'NON-STRICT', 'UNIMPLEMENTED', 'FAILED'];
const CLOSINGS = ['OK', 'INFORMATIONAL', 'FAILED BY CLIENT', 'UNCLEAN', 'WRONG CODE', 'FAILED'];

/** Whether a case has passed. With `strict`, NON-STRICT does not pass. */
export function isPassed({ behavior, behaviorClose }: Verdicts, strict: boolean): boolean {
  const behaved = behavior === 'OK' || behavior === 'INFORMATIONAL' || (behavior === 'NON-STRICT' && !strict);
  return behaved && (behaviorClose === 'OK' || behaviorClose === 'INFORMATIONAL');
}

/** Whether `after` is worse than `before` in either value. A missing case is worse than any other. */
export function isWorse(before: Verdicts | undefined, after: Verdicts | undefined): boolean {
  if (!before) return false;
  if (!after) return true;
  return (
    rank(BEHAVIORS, after.behavior) > rank(BEHAVIORS, before.behavior) ||
    rank(CLOSINGS, after.behaviorClose) > rank(CLOSINGS, before.behaviorClose)
  );
}

/** Whether both values are the same, or the case is missing both times. */
export function isSame(before: Verdicts | undefined, after: Verdicts | undefined): boolean {
  return before?.behavior === after?.behavior && before?.behaviorClose === after?.behaviorClose;
}

/** Returns both values as one text, such as `FAILED / UNCLEAN`. Omits the closing if it is OK or equals the behaviour. */
export function formatVerdicts(verdicts: Verdicts | undefined): string {
  if (!verdicts) return 'missing';
  const { behavior, behaviorClose } = verdicts;
  return behaviorClose === 'OK' || behaviorClose === behavior ? behavior : `${behavior} / ${behaviorClose}`;
}

function rank(values: readonly string[], value: string): number {
  const place = values.indexOf(value);
  return place < 0 ? values.length : place;
}
