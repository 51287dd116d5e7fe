// The closing handshake (RFC 6455 §7.1) as a table: who acted first, and what has gone each way.

/**
 * | phase            | meaning                                                                                   |
 * | ---------------- | ----------------------------------------------------------------------------------------- |
 * | `open`           | no close frame has gone either way                                                        |
 * | `close-sent`     | this end acted first: the peer may still send messages before its close frame             |
 * | `close-received` | the peer acted first: this end still has to answer                                        |
 * | `complete`       | close frames have gone both ways                                                          |
 * | `failing`        | the peer broke a rule (§7.1.7): nothing more is read, a close frame still has to say why  |
 * | `failed`         | that close frame has been sent                                                            |
 */
export type ClosingPhase = 'open' | 'close-sent' | 'close-received' | 'complete' | 'failing' | 'failed';

/** What moves the handshake: this end sends its close frame, receives the peer's, or finds that the peer broke a rule. */
export type ClosingEvent = 'send' | 'receive' | 'fail';

/** An event that a row does not list changes nothing: a second close frame is neither sent nor read. */
const TRANSITIONS: Record<ClosingPhase, Partial<Record<ClosingEvent, ClosingPhase>>> = {
  open: { send: 'close-sent', receive: 'close-received', fail: 'failing' },
  'close-sent': { receive: 'complete', fail: 'failed' },
  'close-received': { send: 'complete' },
  complete: {},
  failing: { send: 'failed' },
  failed: {},
};

/** The phase after an event. */
export function nextClosingPhase(phase: ClosingPhase, event: ClosingEvent): ClosingPhase {
  return TRANSITIONS[phase][event] ?? phase;
}

/** Whether bytes from the peer are still read: not after its close frame, nor after a broken rule. */
export function readsOn(phase: ClosingPhase): boolean {
  return phase === 'open' || phase === 'close-sent';
}

/** Whether neither end has anything left to say, so that the transport may end once the close frame has been written (§7.1.1). */
export function isOver(phase: ClosingPhase): boolean {
  return phase === 'complete' || phase === 'failed';
}
