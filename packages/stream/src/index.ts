// The public API of the package.
export type { StreamOptions, WebSocketStreamOptions } from './options.ts';
export type { ClosedInfo, ReceivedMessage, SentMessage, WebSocketOpenInfo } from './streams.ts';
export { WebSocketError, type WebSocketCloseInfo } from './websocket-error.ts';
export { WebSocketStream, type ClientStreamOptions, type StreamableConnection } from './websocket-stream.ts';
