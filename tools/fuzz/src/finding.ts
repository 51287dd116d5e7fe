// The findings of a fuzzer: broken rules of an oracle, in words.

/** The implementation broke a rule of the oracle. Any other exception from a target is also a finding, because it is undocumented. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/**
 * Compares a result with the expected one.
 *
 * @param what the subject of both, for the message
 * @throws {Finding} if they differ
 */
export function mustEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  const [got, wanted] = [printed(actual), printed(expected)];
  if (got !== wanted) throw new Finding(`${what}: ${got}, and not ${wanted}`);
}

/** @throws {Finding} unless the condition holds. `found` is the message */
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
