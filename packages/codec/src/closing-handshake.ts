// The closing handshake (RFC 6455 §7.1) as a table: who acted first, and what has gone each way.

/**
 * | phase            | meaning                                                                                   |
 * | ---------------- | ----------------------------------------------------------------------------------------- |
 * | `open`           | no close frame has gone either way                                                        |
 * | `close-sent`     | this end acted first: the peer may still send messages before its close frame             |
 * | `close-received` | the peer acted first: this end still has to answer                                        |
 * | `complete`       | close frames have gone both ways                                                          |
 * | `failing`        | the peer broke a rule (§7.1.7): nothing more is read, a close frame still has to say why  |
 * | `failed`         | that close frame has been sent, or cannot be                                              |
 * | `lost`           | the transport ends, and no close frame has gone either way: none can be sent any more     |
 * | `lost-received`  | as `lost`, but the peer's close frame has been received                                   |
 */
export type ClosingPhase =
  'open' | 'close-sent' | 'close-received' | 'complete' | 'failing' | 'failed' | 'lost' | 'lost-received';

/**
 * What moves the handshake: this end sends its close frame, receives the peer's, finds that the peer broke a rule, or loses the
 * transport, which may still deliver what the peer has sent.
 */
export type ClosingEvent = 'send' | 'receive' | 'fail' | 'lose';

/** An event that a row does not list changes nothing: a second close frame is neither sent nor read. */
const TRANSITIONS: Record<ClosingPhase, Partial<Record<ClosingEvent, ClosingPhase>>> = {
  open: { send: 'close-sent', receive: 'close-received', fail: 'failing', lose: 'lost' },
  'close-sent': { receive: 'complete', fail: 'failed' },
  'close-received': { send: 'complete', lose: 'lost-received' },
  complete: {},
  failing: { send: 'failed', lose: 'failed' },
  failed: {},
  lost: { receive: 'lost-received', fail: 'failed' },
  'lost-received': {},
};

/** The phase after an event. */
export function nextClosingPhase(phase: ClosingPhase, event: ClosingEvent): ClosingPhase {
  return TRANSITIONS[phase][event] ?? phase;
}

/** Whether bytes from the peer are still read: not after its close frame, nor after a broken rule. */
export function readsOn(phase: ClosingPhase): boolean {
  return phase === 'open' || phase === 'close-sent' || phase === 'lost';
}

/** Whether this end may still send frames: not after its own close frame, nor without a transport. */
export function maySend(phase: ClosingPhase): boolean {
  return phase === 'open' || phase === 'close-received' || phase === 'failing';
}

/** Whether neither end has anything left to say, so that the transport may end once the close frame has been written (§7.1.1). */
export function isOver(phase: ClosingPhase): boolean {
  return phase === 'complete' || phase === 'failed';
}
