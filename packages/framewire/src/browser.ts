// What a bundler takes for a browser: the platform's own WebSocket. What no browser can do throws when it is used, not before.
import * as extension from './ws-compat/extension.ts';
import * as subprotocol from './ws-compat/subprotocol.ts';

/** The class of the platform, by the types of the program that is bundled. */
type PlatformWebSocket = typeof globalThis extends { WebSocket: infer Class } ? Class : never;

function unavailable(name: string): Error {
  return new Error(
    `${name} of framewire needs Node.js: a browser has its own WebSocket, as a client, and nothing else of it`,
  );
}

/** A class of which there are no instances in a browser. A program may name it, and extend it. */
function unavailableClass(name: string): new (...args: unknown[]) => object {
  return function () {
    throw unavailable(name);
  } as unknown as new (...args: unknown[]) => object;
}

/** The platform's own: `globalThis.WebSocket`. It takes no options, and its events are those of the DOM alone. */
const WebSocket: PlatformWebSocket =
  (globalThis as { WebSocket?: PlatformWebSocket }).WebSocket ??
  (unavailableClass('WebSocket') as unknown as PlatformWebSocket);

/** Throws: a browser accepts no connections. */
export const WebSocketServer = unavailableClass('WebSocketServer');

/** Throws: a browser accepts no connections. */
export function clientAddress(): never {
  throw unavailable('clientAddress()');
}

/** Throws: a browser does not tell. */
export function compressionStatistics(): never {
  throw unavailable('compressionStatistics()');
}

/** Throws: a browser accepts and refuses no connections. */
export function createRefusal(): never {
  throw unavailable('createRefusal()');
}

/** Throws: a browser accepts and refuses no connections. */
export function formatRefusal(): never {
  throw unavailable('formatRefusal()');
}

/** Throws: a browser has no streams of Node's kind. */
export function createWebSocketStream(): never {
  throw unavailable('createWebSocketStream()');
}

/** Throws: a browser accepts and refuses no connections. */
export const UpgradeRefusal = unavailableClass('UpgradeRefusal');

/** Throws: a browser encodes messages by itself. */
export const PreparedMessage = unavailableClass('PreparedMessage');

/** Throws: a browser reads frames by itself. */
export const Receiver = unavailableClass('Receiver');

/** Throws: a browser makes frames by itself. */
export class Sender extends unavailableClass('Sender') {
  static frame(): never {
    throw unavailable('Sender.frame()');
  }
}

/** Throws: a browser compresses by itself. */
export class PerMessageDeflate extends unavailableClass('PerMessageDeflate') {
  static readonly extensionName = 'permessage-deflate';
}

export { extension, subprotocol, WebSocket };
export default WebSocket;

/** What `require()` gives: a class as ever, with the rest as its statics. The platform's own is not ours to change. */
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
