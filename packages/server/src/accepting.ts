// The last step of an upgrade: opens the connection, or refuses the client.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import { openPartOf, type WebSocketConnection } from '@framewire/connection';
import { refusalError, type Refusal } from '@framewire/handshake';
import { connectionsOf } from './closing.ts';
import { refuseForFault } from './faults.ts';
import { awaitAnswer } from './handshake-deadline.ts';
import type { WebSocketClass } from './options.ts';
import { destroyWhenWritten, refuse, removeErrorListener } from './refusal.ts';
import type { ServerState } from './server-state.ts';
import { chooseSubprotocol, writeResponse, type AdmittedUpgrade } from './upgrade.ts';
import type { WebSocketServer } from './websocket-server.ts';

/** A server with any classes of connections and requests. */
type AnyServer = WebSocketServer<WebSocketClass, typeof IncomingMessage, unknown>;

/** The part of a server's state that does not depend on the class of its requests. */
interface State extends Omit<ServerState<never>, 'facts'> {
  readonly facts: Omit<ServerState<never>['facts'], 'membership' | 'places'> & {
    readonly membership: { leave(): void };
  };
}

/** Takes a place for a request. Returns false after refusing the client. */
export function takePlace(
  server: AnyServer,
  state: State,
  take: () => Refusal | undefined,
  request: IncomingMessage,
  socket: Duplex,
): boolean {
  let refusal: Refusal | undefined;
  try {
    refusal = take();
  } catch (cause) {
    const message = 'The client function of connectionsPerClient threw an exception';
    reportFault(server, state, new Error(message, { cause }), socket, request);
    return false;
  }
  if (refusal !== undefined) refuse(socket, refusal, state.facts.limits.closeTimeout);
  return refusal === undefined;
}

/** Opens the connection of a request that has passed every check. */
export function open(
  server: AnyServer,
  state: State,
  upgrade: AdmittedUpgrade<WebSocketConnection, IncomingMessage>,
): void {
  const { request, socket, head, callback } = upgrade;
  const { connectionClass, forget, limits } = state.facts;
  // Application code may throw, so it runs first: after a 101 the connection must open.
  const ws = new connectionClass(null, undefined, server.options);
  const protocol = chooseSubprotocol(upgrade.subprotocols, server.options.handleProtocols, request);
  const response = writeResponse(upgrade, protocol, (lines) => server.emit('headers', lines, request));
  if (!isUint8Array(response)) {
    reportFault(server, state, response, socket, request);
    return;
  }
  if (state.refusal !== undefined) {
    // Application code has started the shutdown.
    refuse(socket, state.refusal, limits.closeTimeout);
    return;
  }
  socket.write(response);
  removeErrorListener(socket);
  if (server.options.pauseOnConnect) ws.pause();
  // Added before `open` is emitted, because a listener may throw, or shut the server down.
  const connections = connectionsOf(server, state);
  connections.add(ws);
  try {
    ws.setSocket(socket, head, {
      role: 'server',
      protocol,
      extension: upgrade.compression?.extension,
      onClosed: forget,
    });
  } finally {
    const owner = openPartOf(ws)?.owner;
    if (owner === undefined) connections.delete(ws);
    // The constructor may return a proxy.
    else if (owner !== ws) state.proxies.set(owner, ws);
  }
  callback(ws, request);
}

/** Reports an answer of the application that cannot be sent, with `wsClientError` or a warning, and refuses the client with 500. */
export function reportFault(
  server: AnyServer,
  state: State,
  error: Error,
  socket: Duplex,
  request: IncomingMessage,
): void {
  refuseForFault(socket, state.facts.limits, () => {
    if (server.listenerCount('wsClientError') > 0) server.emit('wsClientError', error, socket, request);
    else state.warn(error);
  });
}

/** Refuses an invalid request. If there is a listener of `wsClientError`, the listener must answer within the time limit. */
export function refuseInvalid(
  server: AnyServer,
  state: State,
  refusal: Refusal,
  socket: Duplex,
  request: IncomingMessage,
): void {
  const { limits } = state.facts;
  if (refusal.code === undefined || server.listenerCount('wsClientError') === 0) {
    refuse(socket, refusal, limits.closeTimeout);
    return;
  }
  awaitAnswer(socket, refusal.status, limits);
  destroyWhenWritten(socket);
  server.emit('wsClientError', refusalError(refusal), socket, request);
}
