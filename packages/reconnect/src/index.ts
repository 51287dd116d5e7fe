// The public API of the package.
export {
  CloseEvent,
  DroppedEvent,
  ErrorEvent,
  MessageEvent,
  StateChangeEvent,
  type Ending,
  type Message,
  type ReconnectingWebSocketEventMap,
  type State,
} from './events.ts';
export type { ConnectionInfo, Options, ProtocolsProvider, Provider, UrlProvider } from './options.ts';
// `partysocket` exports its class by the second name.
export { ReconnectingWebSocket, ReconnectingWebSocket as WebSocket } from './reconnecting-websocket.ts';
export type { BinaryType, WebSocketClass, WebSocketLike } from './websocket-like.ts';
