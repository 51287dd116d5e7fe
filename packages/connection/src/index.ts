// The public surface of the connection.
export { defineAddition } from './additions.ts';
export { clearDeadline, setDeadline, type Deadline } from './clock.ts';
export type { WebSocketEventMap } from './dom-event-target.ts';
export {
  CloseEvent,
  ErrorEvent,
  Event,
  MessageEvent,
  type DomEventMap,
  type DomEventType,
  type DomListener,
  type DomListenerOptions,
} from './dom-events.ts';
export type { Extension, OutgoingPart, TransformDone } from '@framewire/codec';
export { Inbound, type InboundError, type InboundListener, type InboundOptions } from './inbound.ts';
export {
  abandonHandshake,
  abortHandshake,
  attemptOf,
  beginAttempt,
  failHandshake,
  maxPayloadOf,
  openPartOf,
  type Attempt,
  type OpenPart,
} from './internals.ts';
export { toPayload, toRawData, type BinaryType, type RawData, type SendableData } from './message-data.ts';
export { DEFAULTS, given, limitOf, type ConnectionOptions, type OpenOptions } from './options.ts';
export { Outbound, type Sending, type SendMode } from './outbound.ts';
export type { SendCallback } from './send-callback.ts';
export type { ReadyState } from './ready-state.ts';
export { nextTick } from './scheduling.ts';
export { isAttached } from './session.ts';
export { TypedEmitter } from './typed-emitter.ts';
export { createWebSocketStream, type StreamableSocket } from './stream.ts';
export { WebSocketConnection, type SendOptions } from './websocket-connection.ts';
