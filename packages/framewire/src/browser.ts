// The module that bundlers use for browsers: the platform's WebSocket. Exports that need Node throw when they are used.
import * as extension from './ws-compat/extension.ts';
import * as subprotocol from './ws-compat/subprotocol.ts';

/** The platform's class, in the types of the bundled program. */
type PlatformWebSocket = typeof globalThis extends { WebSocket: infer Class } ? Class : never;

function unavailable(name: string): Error {
  return new Error(
    `${name} of framewire needs Node.js: in a browser, framewire has only the platform's WebSocket`,
  );
}

/** A class whose constructor throws. A program may still refer to it and extend it. */
function unavailableClass(name: string): new (...args: unknown[]) => object {
  return function () {
    throw unavailable(name);
  } as unknown as new (...args: unknown[]) => object;
}

/** `globalThis.WebSocket`. It takes no options and has only DOM events. */
const WebSocket: PlatformWebSocket =
  (globalThis as { WebSocket?: PlatformWebSocket }).WebSocket ??
  (unavailableClass('WebSocket') as unknown as PlatformWebSocket);

/** Throws: a browser accepts no connections. */
export const WebSocketServer = unavailableClass('WebSocketServer');

/** Throws: a browser accepts no connections. */
export function clientAddress(): never {
  throw unavailable('clientAddress()');
}

/** Throws: browsers report no statistics. */
export function compressionStatistics(): never {
  throw unavailable('compressionStatistics()');
}

/** Throws: a browser accepts no connections. */
export function createRefusal(): never {
  throw unavailable('createRefusal()');
}

/** Throws: a browser accepts no connections. */
export function formatRefusal(): never {
  throw unavailable('formatRefusal()');
}

/** Throws: a browser has no Node streams. */
export function createWebSocketStream(): never {
  throw unavailable('createWebSocketStream()');
}

/** Throws: a browser accepts no connections. */
export const UpgradeRefusal = unavailableClass('UpgradeRefusal');

/** Throws: the browser encodes messages itself. */
export const PreparedMessage = unavailableClass('PreparedMessage');

/** Throws: the browser decodes frames itself. */
export const Receiver = unavailableClass('Receiver');

/** Throws: the browser encodes frames itself. */
export class Sender extends unavailableClass('Sender') {
  static frame(): never {
    throw unavailable('Sender.frame()');
  }
}

/** Throws: the browser compresses messages itself. */
export class PerMessageDeflate extends unavailableClass('PerMessageDeflate') {
  static readonly extensionName = 'permessage-deflate';
}

export { extension, subprotocol, WebSocket };
export default WebSocket;

/** What `require()` returns: a class with the other exports as statics. A subclass, so that the platform's class is not modified. */
class Required extends (WebSocket as unknown as new (...args: unknown[]) => object) {
  static readonly clientAddress = clientAddress;
  static readonly compressionStatistics = compressionStatistics;
  static readonly createRefusal = createRefusal;
  static readonly createWebSocketStream = createWebSocketStream;
  static readonly extension = extension;
  static readonly formatRefusal = formatRefusal;
  static readonly PerMessageDeflate = PerMessageDeflate;
  static readonly PreparedMessage = PreparedMessage;
  static readonly Receiver = Receiver;
  static readonly Sender = Sender;
  static readonly Server = WebSocketServer;
  static readonly subprotocol = subprotocol;
  static readonly UpgradeRefusal = UpgradeRefusal;
  static readonly WebSocket: PlatformWebSocket = WebSocket;
  static readonly WebSocketServer = WebSocketServer;
}
export { Required as 'module.exports' };
