/** The WebSocket stack this tool shows. */
export { WebSocket, WebSocketServer } from 'ws';
