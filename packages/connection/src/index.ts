// The public surface of the connection.
export { formatClosePayload } from '@framewire/codec';
export { defineAddition } from './additions.ts';
export { clearDeadline, now, setDeadline, setWatch, type Deadline } from './clock.ts';
export type { WebSocketEventMap } from './events/dom-event-target.ts';
export {
  CloseEvent,
  ErrorEvent,
  Event,
  MessageEvent,
  type DomEventMap,
  type DomEventType,
  type DomListener,
  type DomListenerOptions,
} from './events/dom-events.ts';
export type { Extension, OutgoingPart, SharedMessage, TransformDone } from '@framewire/codec';
export { Inbound, type InboundError, type InboundObserver } from './receiving/inbound.ts';
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
export type { ConnectionClosedError, IteratedMessage } from './iteration.ts';
export type { ReadingOptions } from './receiving/reading-options.ts';
export { toRawData, type BinaryType, type RawData } from './receiving/raw-data.ts';
export { toPayload, type SendableData } from './sending/payload.ts';
export {
  DEFAULTS,
  given,
  limitOf,
  readOptions,
  type ConnectionOptions,
  type HeartbeatOptions,
  type OpenOptions,
} from './options.ts';
export { Outbound, type OutboundObserver, type OutboundOptions, type Sending } from './sending/outbound.ts';
export { PreparedMessage, type PreparedMessageOptions } from './sending/prepared-message.ts';
export type { SendCallback } from './sending/send-callback.ts';
export type { SendMode, SendOptions } from './sending/send-options.ts';
export type { ReadyState } from './ready-state.ts';
export { nextTick, setImmediate } from './scheduling.ts';
export { isAttached } from './attached-stream.ts';
export { TypedEmitter } from './events/typed-emitter.ts';
export { createWebSocketStream, type StreamableSocket } from './stream.ts';
export { WebSocketConnection } from './websocket-connection.ts';
