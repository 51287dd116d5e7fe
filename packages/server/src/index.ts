// The public surface of the server.
export type {
  ClientInfo,
  ServerOptions,
  VerifyClientAsync,
  VerifyClientCallback,
  VerifyClientSync,
  WebSocketClass,
} from './options.ts';
export { AcceptedWebSocket, WebSocketServer, type WebSocketServerEventMap } from './websocket-server.ts';
