// The closing handshake (RFC 6455 §7.1) as a table: who acted first, what has gone each way, when TCP may end.

/**
 * | phase            | meaning                                                                              |
 * | ---------------- | ------------------------------------------------------------------------------------ |
 * | `open`           | no close frame has gone either way                                                   |
 * | `close-sent`     | we acted first: the peer's close frame is still to come, data before it is delivered |
 * | `close-received` | the peer acted first: our answer is still to be sent                                 |
 * | `complete`       | close frames have gone both ways                                                     |
 * | `failing`        | the peer broke a rule (§7.1.7): nothing more is read, our close frame is to say why  |
 * | `failed`         | and it has been sent                                                                 |
 */
export type ClosingPhase = 'open' | 'close-sent' | 'close-received' | 'complete' | 'failing' | 'failed';

/** What moves the handshake: our close frame, the peer's, or a rule that the peer broke. */
export type ClosingEvent = 'send' | 'receive' | 'fail';

/** An event that a row lacks changes nothing: a second close frame is never sent, and none is read. */
const TRANSITIONS: Record<ClosingPhase, Partial<Record<ClosingEvent, ClosingPhase>>> = {
  open: { send: 'close-sent', receive: 'close-received', fail: 'failing' },
  'close-sent': { receive: 'complete', fail: 'failed' },
  'close-received': { send: 'complete' },
  complete: {},
  failing: { send: 'failed' },
  failed: {},
};

/** The phase behind an event. */
export function nextClosingPhase(phase: ClosingPhase, event: ClosingEvent): ClosingPhase {
  return TRANSITIONS[phase][event] ?? phase;
}

/** Whether bytes from the peer are still read: not behind its close frame, nor behind a broken rule. */
export function readsOn(phase: ClosingPhase): boolean {
  return phase === 'open' || phase === 'close-sent';
}

/** Whether nothing is left to say or hear, so that our side of TCP is ended once the close frame has been written (§7.1.1). */
export function isOver(phase: ClosingPhase): boolean {
  return phase === 'complete' || phase === 'failed';
}
