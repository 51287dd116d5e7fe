// The closing handshake (RFC 6455 §7.1) as a table, from the open connection to its end.

/**
 * - `open`: neither end has sent a close frame.
 * - `close-sent`: this end acted first. The peer may still send messages before its close frame.
 * - `close-received`: the peer acted first. This end has yet to answer.
 * - `complete`: both ends have sent a close frame.
 * - `failing`: the peer broke a rule (§7.1.7). Nothing more is read, and this end has yet to say why.
 * - `failed`: this end has sent the close frame that says why, or can no longer send it.
 * - `lost`: the transport ended before either close frame. This end can no longer send its own.
 * - `lost-received`: like `lost`, but after the peer's close frame.
 * - `closed`: the end has been reported. Nothing follows.
 * - `closed-cleanly`: like `closed`, but after a close frame from each end.
 */
export type ClosingPhase =
  | 'open'
  | 'close-sent'
  | 'close-received'
  | 'complete'
  | 'failing'
  | 'failed'
  | 'lost'
  | 'lost-received'
  | 'closed'
  | 'closed-cleanly';

/**
 * - `send`: this end sends its close frame.
 * - `receive`: this end receives the peer's close frame.
 * - `fail`: this end finds that the peer broke a rule.
 * - `lose`: the transport ends. It may still deliver bytes that the peer has sent.
 * - `end`: this end reports the end.
 */
export type ClosingEvent = 'send' | 'receive' | 'fail' | 'lose' | 'end';

/** An event that a row does not list changes nothing. For example, a second close frame is neither sent nor read. */
const TRANSITIONS: Record<ClosingPhase, Partial<Record<ClosingEvent, ClosingPhase>>> = {
  open: { send: 'close-sent', receive: 'close-received', fail: 'failing', lose: 'lost', end: 'closed' },
  'close-sent': { receive: 'complete', fail: 'failed', end: 'closed' },
  'close-received': { send: 'complete', lose: 'lost-received', end: 'closed' },
  complete: { end: 'closed-cleanly' },
  failing: { send: 'failed', lose: 'failed', end: 'closed' },
  failed: { end: 'closed' },
  lost: { receive: 'lost-received', fail: 'failed', end: 'closed' },
  'lost-received': { end: 'closed' },
  closed: {},
  'closed-cleanly': {},
};

/** Returns the phase after an event. */
export function nextClosingPhase(phase: ClosingPhase, event: ClosingEvent): ClosingPhase {
  return TRANSITIONS[phase][event] ?? phase;
}

/** Whether this end still reads bytes from the peer: not after the peer's close frame, and not after a broken rule. */
export function readsOn(phase: ClosingPhase): boolean {
  return phase === 'open' || phase === 'close-sent' || phase === 'lost';
}

/** Whether this end may still send frames: not after its own close frame, and not without a transport. */
export function maySend(phase: ClosingPhase): boolean {
  return phase === 'open' || phase === 'close-received' || phase === 'failing';
}

/** Whether the transport may end once this end's close frame has been written (§7.1.1), because neither end has more to send. */
export function isOver(phase: ClosingPhase): boolean {
  return phase === 'complete' || phase === 'failed' || isClosed(phase);
}

/** Whether the end has been reported. */
export function isClosed(phase: ClosingPhase): boolean {
  return phase === 'closed' || phase === 'closed-cleanly';
}

/** Whether both ends have sent a close frame (§7.1.4). */
export function isClean(phase: ClosingPhase): boolean {
  return phase === 'complete' || phase === 'closed-cleanly';
}
