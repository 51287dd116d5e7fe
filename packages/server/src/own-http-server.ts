// The HTTP server that a WebSocket server creates for its own port. It accepts only upgrades.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { reasonPhrase } from '@framewire/handshake';
import { HandshakeDeadline, type HandshakeLimits } from './handshake-deadline.ts';
import type { ServerOptions } from './options.ts';
import { countOwnListener } from './sharing.ts';

/** @param callback called when the server listens */
export function listenOnPort(
  { port, host, backlog }: Pick<ServerOptions, 'backlog' | 'host' | 'port'>,
  limits: HandshakeLimits,
  callback: (() => void) | undefined,
): Server {
  const http = createServer(upgradeRequired);
  limitFirstRequest(http, limits);
  // Positional arguments: Node reads a string as the path of a socket or pipe, unless it is a decimal number.
  http.listen(port, host, backlog, callback);
  return http;
}

/**
 * Refuses a client with 408 if its first request does not arrive in time. After a first request that is not an upgrade, the limits of
 * Node's server apply (`headersTimeout`, `keepAliveTimeout`).
 */
function limitFirstRequest(http: Server, limits: HandshakeLimits): void {
  const deadlines = new WeakMap<Duplex, HandshakeDeadline>();
  const end = (socket: Duplex): void => {
    deadlines.get(socket)?.end();
    deadlines.delete(socket);
  };
  http.on('connection', (socket) => deadlines.set(socket, new HandshakeDeadline(socket, 408, limits)));
  http.on('request', (request) => {
    end(request.socket);
  });
  http.on('upgrade', (request) => {
    end(request.socket);
  });
  countOwnListener(http);
}

/** Answers a plain HTTP request on the server's own port. */
function upgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  const body = reasonPhrase(426);
  response.writeHead(426, { 'Content-Length': body.length, 'Content-Type': 'text/plain' });
  response.end(body);
}
