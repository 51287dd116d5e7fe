// The public surface of the server.
export { AcceptedWebSocket } from './accepted-websocket.ts';
export { clientAddress, type ClientAddressOptions } from './client-address.ts';
export type {
  Authenticate,
  ClientInfo,
  ServerOptions,
  VerifyClientAsync,
  VerifyClientCallback,
  VerifyClientSync,
  WebSocketClass,
} from './options.ts';
export type { ShutdownOptions, ShutdownResult } from './shutdown.ts';
export type { Compression } from './compression.ts';
export type { AdmittedUpgrade } from './upgrade.ts';
export {
  complete,
  httpServerOf,
  WebSocketServer,
  type ConnectedArguments,
  type WebSocketServerEventMap,
} from './websocket-server.ts';
