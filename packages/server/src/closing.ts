// How a server ends: `close()`, `shutdown()`, and the event `close` after the last client has left.
import { nextTick, type WebSocketConnection } from '@framewire/connection';
import { createRefusal } from '@framewire/handshake';
import type { HandshakeLimits } from './handshake-deadline.ts';
import type { ServerState } from './server-state.ts';
import { ClosingConnections, type ShutdownOptions, type ShutdownResult } from './shutdown.ts';

/** The parts of a server that its shutdown needs. */
interface EndingServer {
  /** Missing without `clientTracking`. */
  readonly clients?: Set<WebSocketConnection>;
  emit(event: 'close'): boolean;
  once(event: 'close', listener: () => void): unknown;
  shutdown(): Promise<ShutdownResult>;
}

/** The part of a server's state that does not depend on the class of its requests. */
interface State extends Omit<ServerState<never>, 'facts'> {
  readonly facts: { readonly limits: HandshakeLimits; readonly membership: { leave(): void } };
}

/** Returns the open connections: `clients`, which a program may replace, or our own set without `clientTracking`. */
export function connectionsOf(server: Pick<EndingServer, 'clients'>, state: State): Set<WebSocketConnection> {
  return server.clients ?? state.untracked;
}

/** Stops accepting connections. Emits `close` when the server's own HTTP server, or the last tracked connection, has closed. */
export function close(server: EndingServer, state: State): void {
  state.phase = 'closing';
  const { http, ownHttp } = state;
  const { membership } = state.facts;
  state.http = undefined;
  if (ownHttp) {
    // A client that has connected may still send its request, and must be refused, without the checks of the application.
    state.refusal ??= createRefusal(503);
    http?.close(() => {
      membership.leave();
      emitClose(server, state);
    });
    return;
  }
  membership.leave();
  if (server.clients?.size) state.closesWithClients = true;
  else nextTick(emitClose, server, state);
}

/** Called when a connection has closed. */
export function forget(server: EndingServer, state: State, owner: WebSocketConnection): void {
  const ws = state.proxies.get(owner) ?? owner;
  const connections = connectionsOf(server, state);
  connections.delete(ws);
  state.closingConnections?.closed(ws);
  if (state.closesWithClients && connections.size === 0) nextTick(emitClose, server, state);
}

export function emitClose(server: EndingServer, state: State): void {
  state.phase = 'closed';
  server.emit('close');
}

/** Shuts the server down when the signal aborts. */
export function shutDownOn(server: EndingServer, signal: AbortSignal): void {
  const stop = (): void => void server.shutdown();
  if (signal.aborted) nextTick(stop);
  signal.addEventListener('abort', stop);
  server.once('close', () => {
    signal.removeEventListener('abort', stop);
  });
}

/** Refuses new and waiting clients, closes all connections, and then the server. */
export async function shutDown(
  server: EndingServer,
  state: State,
  options: ShutdownOptions,
): Promise<ShutdownResult> {
  const { limits, membership } = state.facts;
  const { ownHttp, phase } = state;
  if (phase === 'running') state.phase = 'closing';
  const retryAfter = Math.ceil((options.retryAfter ?? 1000) / 1000);
  state.refusal = createRefusal(503, undefined, { 'Retry-After': retryAfter });
  for (const client of [...limits.waiting]) client.refuse(state.refusal);
  const closed = untilClosed(server, state, phase);
  const result = await new Promise<ShutdownResult>((finished) => {
    state.closingConnections = new ClosingConnections(connectionsOf(server, state), options, {
      finished,
      failed(error) {
        state.warn(new Error('A connection could not be closed or terminated', { cause: error }));
      },
    });
    state.closingConnections.send();
  });
  // Destroys sockets that have not sent a request. Otherwise `closed` would wait for them.
  ownHttp?.closeAllConnections();
  await closed;
  // Not earlier, because the server had to refuse new requests until now.
  membership.leave();
  state.http = undefined;
  if (phase === 'running') emitClose(server, state);
  return result;
}

/**
 * Stops the server's own HTTP server.
 *
 * @param phase the phase before the shutdown
 * @returns a promise that resolves when that HTTP server has closed. After an earlier `close()`, resolves when `close` is emitted.
 */
async function untilClosed(server: EndingServer, state: State, phase: State['phase']): Promise<void> {
  const { ownHttp } = state;
  if (phase === 'closing') await new Promise<void>((resolve) => server.once('close', resolve));
  else if (phase === 'running' && ownHttp) await new Promise((resolve) => ownHttp.close(resolve));
}
