// What programs reach for in a server of `ws`: the HTTP server, and the last step of an upgrade, which may be overridden.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { defineAddition } from '@framewire/connection';
import { EXTENSION_NAME } from '@framewire/permessage-deflate';
// By another name: bundled beside it, the class of the umbrella would not keep its own.
import {
  complete,
  httpServerOf,
  WebSocketServer as Base,
  type AdmittedUpgrade,
  type WebSocketClass,
} from '@framewire/server';
import { listOf } from './extension-parameters.ts';
import { extensionOf, extensionsOf, type NegotiatedExtensions } from './per-message-deflate.ts';

/** What a program may overwrite, and a subclass declare otherwise. */
export interface ServerInternals {
  /** The HTTP server that requests come from; null with `noServer`, and once the server has been closed. */
  // The types of `ws` leave the name free, so a subclass may declare another type.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  _server: any;
  /** The option `path`, or an empty string, until a program assigns another value. Requests are judged by the option. */
  path: string;
}

interface ServerWithInternals<Class extends WebSocketClass, Request extends typeof IncomingMessage>
  extends Base<Class, Request>, ServerInternals {}
const ServerWithInternals = Base as unknown as Omit<typeof Base, 'prototype'> &
  (new <Class extends WebSocketClass, Request extends typeof IncomingMessage>(
    ...args: ConstructorParameters<typeof Base<Class, Request>>
  ) => ServerWithInternals<Class, Request>);

/** A server with the inner parts that well-known programs rely on. */
export class WebSocketServerWithInternals<
  Class extends WebSocketClass,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
> extends ServerWithInternals<Class, Request> {
  /**
   * Makes a connection of a request that was found to be in order: the last step of `handleUpgrade()`.
   *
   * @param extensions what was negotiated
   * @param key the value of `Sec-WebSocket-Key`
   * @param protocols the subprotocols that the client asks for
   * @throws `Error` when the socket was handed over already
   */
  completeUpgrade(
    extensions: NegotiatedExtensions,
    key: string,
    protocols: Set<string>,
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: (ws: InstanceType<Class>, request: InstanceType<Request>) => void,
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

  override [complete](upgrade: AdmittedUpgrade<InstanceType<Class>, InstanceType<Request>>): void {
    // The way over the shape of `ws` is for the subclass that takes it.
    if (this.completeUpgrade === WebSocketServerWithInternals.prototype.completeUpgrade) {
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

const { prototype } = WebSocketServerWithInternals;
defineAddition(prototype, '_server', (server) => httpServerOf(server) ?? null);
defineAddition(prototype, 'path', (server) => server.options.path ?? '');
