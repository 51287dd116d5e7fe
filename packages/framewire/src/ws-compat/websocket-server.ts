// Internals of a server of `ws` that programs use: the HTTP server, and the last step of an upgrade, which may be overridden.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { defineAddition } from '@framewire/connection';
import { EXTENSION_NAME } from '@framewire/permessage-deflate';
// Imported under another name: otherwise the bundler would rename the class of the umbrella.
import {
  complete,
  httpServerOf,
  WebSocketServer as Base,
  type AcceptedWebSocket,
  type AdmittedUpgrade,
} from '@framewire/server';
import { listOf } from './extension-parameters.ts';
import { extensionOf, extensionsOf, type NegotiatedExtensions } from './per-message-deflate.ts';
import type { ServerInit, ServerShape, WebSocketClass } from './server-shape.ts';

/** The server, with the internals that well-known programs use. */
class ServerWithInternals extends Base {
  completeUpgrade(
    extensions: NegotiatedExtensions,
    key: string,
    protocols: Set<string>,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (ws: AcceptedWebSocket, request: IncomingMessage) => void,
  ): void {
    const extension = extensionOf(extensions);
    const params = listOf(extensions[EXTENSION_NAME]?.params ?? {});
    super[complete]({
      key,
      subprotocols: protocols,
      compression: extension && { extension, response: { name: EXTENSION_NAME, params } },
      request,
      socket,
      head,
      callback,
    });
  }

  override [complete](upgrade: AdmittedUpgrade<AcceptedWebSocket, IncomingMessage>): void {
    // Convert to the form of `ws` only for a subclass that overrides `completeUpgrade()`.
    if (this.completeUpgrade === ServerWithInternals.prototype.completeUpgrade) {
      super[complete](upgrade);
      return;
    }
    const { compression, key, subprotocols, request, socket, head, callback } = upgrade;
    const negotiated = compression && {
      extension: compression.extension,
      params: compression.response.params,
    };
    this.completeUpgrade(extensionsOf(negotiated), key, subprotocols, request, socket, head, callback);
  }
}

/** The class to extend, with the public type. */
export const WebSocketServerWithInternals = ServerWithInternals as unknown as Omit<typeof Base, 'prototype'> &
  (new <Class extends WebSocketClass, Request extends typeof IncomingMessage, Identity = undefined>(
    options: ServerInit<Class, Request, Identity>,
    callback?: () => void,
  ) => ServerShape<Class, Request, Identity>);

const { prototype } = ServerWithInternals;
defineAddition(prototype, '_server', (server) => httpServerOf(server) ?? null);
defineAddition(prototype, 'path', (server) => server.options.path ?? '');
