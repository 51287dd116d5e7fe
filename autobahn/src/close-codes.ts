/** Close codes by name, and which of them may arrive in a Close frame (RFC 6455 §7.4). */

/** The codes that the suite itself sends. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  invalidPayload: 1007,
} as const;

/**
 * Whether the suite accepts a close code from the peer. The list differs from the current registry: 1012-1014 were registered later,
 * and the public suite refuses them.
 */
export function isLegalCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1011 && !NEVER_SENT.includes(code);
}

/** Reserved, or for the use of an endpoint's own reports only (§7.4.1). */
const NEVER_SENT: readonly number[] = [1004, 1005, 1006];
