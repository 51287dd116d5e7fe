// The HTTP server of a port of one's own: it is there for upgrades, and knows no pages.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { reasonPhrase } from '@framewire/handshake';
import { HandshakeDeadline, type HandshakeLimits } from './handshake-deadline.ts';
import type { ServerOptions } from './options.ts';
import { countOwnListener } from './sharing.ts';

/** @param callback called when it listens */
export function listenOnPort(
  { port, host, backlog }: Pick<ServerOptions, 'backlog' | 'host' | 'port'>,
  limits: HandshakeLimits,
  callback: (() => void) | undefined,
): Server {
  const http = createServer(upgradeRequired);
  limitFirstRequest(http, limits);
  // As a list, in which Node reads a string as the path of a socket or pipe, unless it is a number in digits.
  http.listen(port, host, backlog, callback);
  return http;
}

/**
 * Refuses clients of an HTTP server of which no request has come in time, with 408. Behind a first request that is no upgrade
 * Node's own limits hold (`headersTimeout`, `keepAliveTimeout`).
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
  http.on('upgrade', (_request, socket) => {
    end(socket);
  });
  countOwnListener(http);
}

/** What a plain request gets on a server's own port. */
function upgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  const body = reasonPhrase(426);
  response.writeHead(426, { 'Content-Length': body.length, 'Content-Type': 'text/plain' });
  response.end(body);
}
