// What a fuzzer looks for: a breach of the oracle, in words.

/** The implementation broke a rule of the oracle. Any other exception from a target is a finding too: it is undocumented. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/**
 * Compares what was reported with what was expected.
 *
 * @throws {Finding} If they differ. `what` names their subject
 */
export function mustEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  const [got, wanted] = [printed(actual), printed(expected)];
  if (got !== wanted) throw new Finding(`${what}: ${got}, and not ${wanted}`);
}

/** @throws {Finding} unless the condition holds. `found` says what was found instead */
export function must(condition: boolean, found: string): void {
  if (!condition) throw new Finding(found);
}

function printed(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A finding in one line, including an unexpected exception. */
export function describeFinding(error: unknown): string {
  if (error instanceof Finding) return error.message;
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  return `threw ${error.name}: ${error.message}\n${error.stack ?? ''}`;
}
