// The public surface of the package.
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
// The second name is that by which `partysocket` exports its class.
export { ReconnectingWebSocket, ReconnectingWebSocket as WebSocket } from './reconnecting-websocket.ts';
export type { BinaryType, WebSocketClass, WebSocketLike } from './websocket-like.ts';
