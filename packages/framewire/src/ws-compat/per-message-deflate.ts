// `PerMessageDeflate` with the interface of `ws`: negotiation and transforms in one object.
import { Buffer } from 'node:buffer';
import type { Extension } from '@framewire/connection';
import {
  acceptOffer,
  checkResponse,
  createOffer,
  DEFAULT_THRESHOLD,
  EXTENSION_NAME,
  isSupported,
  PerMessageDeflate as Transforms,
  roleView,
  type Agreement,
  type NegotiationParameter,
  type PerMessageDeflateOptions as Options,
} from '@framewire/permessage-deflate';
import { listOf, type FormattedParameters } from './extension-parameters.ts';

/** The options of {@link PerMessageDeflate}. */
export type PerMessageDeflateOptions = Options & {
  /** Whether this is the server's side. Default false. */
  readonly isServer?: boolean | undefined;
  /** The longest message, in bytes. Default 0 = no limit. */
  readonly maxPayload?: number | undefined;
};

/** The parameters of an offer or a response: a number for a window, true for a parameter without a value. */
export type NegotiatedParameters = Record<string, number | true>;

interface Negotiated {
  readonly params: readonly NegotiationParameter[];
  readonly agreement: Agreement;
}

type Done = (error: Error | null, data?: Buffer) => void;

/** The maximum length of a stored block (RFC 1951 §3.2.4). */
const MAX_STORED = 0xffff;

const optionsKey = Symbol('options');
const extensionKey = Symbol('extension');
const fragmentsKey = Symbol('fragments');
const firstKey = Symbol('first');

/**
 * permessage-deflate (RFC 7692) for one side of a connection. {@link PerMessageDeflate.offer} and {@link PerMessageDeflate.accept}
 * negotiate it. After that, it compresses and inflates messages, one at a time in each direction.
 *
 * @example
 * ```ts
 * const server = new PerMessageDeflate({ isServer: true });
 * server.accept([{ client_max_window_bits: [true] }]); // {}
 * server.compress('hello', true, (error, data) => console.log(data));
 * ```
 */
export class PerMessageDeflate {
  /** The name of the extension. */
  static get extensionName(): typeof EXTENSION_NAME {
    return EXTENSION_NAME;
  }

  /** The negotiated parameters; null before the negotiation. */
  params: NegotiatedParameters | null = null;

  /** @internal */
  declare readonly [optionsKey]: PerMessageDeflateOptions;
  /** @internal */
  declare [extensionKey]: Extension | undefined;
  /** @internal The fragments of an incomplete compressed message. */
  declare [fragmentsKey]: Uint8Array[];
  /** @internal Whether the next fragment to compress starts a message. */
  declare [firstKey]: boolean;

  constructor(options: PerMessageDeflateOptions = {}) {
    this[optionsKey] = options;
    this[extensionKey] = undefined;
    this[fragmentsKey] = [];
    this[firstKey] = true;
  }

  /**
   * Returns the offer of a client.
   *
   * @throws `Error` if the runtime cannot compress
   */
  offer(): NegotiatedParameters {
    requireSupport();
    return recordOf(createOffer(this[optionsKey]));
  }

  /**
   * As a server, accepts one of the client's offers. As a client, accepts the server's response.
   *
   * @param configurations the result of `extension.parse()`
   * @returns the negotiated parameters, which are the response of a server
   * @throws `Error` or `TypeError` if none is acceptable, `Error` if the runtime cannot compress
   */
  accept(configurations: readonly FormattedParameters[]): NegotiatedParameters {
    requireSupport();
    const lists = configurations.map(listOf);
    const options = this[optionsKey];
    const { params, agreement } = options.isServer ? answer(lists, options) : confirm(lists[0], options);
    this[extensionKey] = createExtension(agreement, options);
    this.params = recordOf(params);
    // A client limits its own window even if the response does not mention it. Include the parameter, like `ws`.
    if (!options.isServer && typeof options.clientMaxWindowBits === 'number') {
      this.params['client_max_window_bits'] ??= options.clientMaxWindowBits;
    }
    return this.params;
  }

  /** Frees the resources of the connection. */
  cleanup(): void {
    this[extensionKey]?.close();
  }

  /**
   * Compresses a message, or a fragment of one.
   *
   * @param fin whether this is the last fragment
   */
  compress(data: string | Uint8Array, fin: boolean, callback: Done): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const first = this[firstKey];
    this[firstKey] = fin;
    negotiatedOf(this).compress({ data: bytes, first, fin }, (error, compressed) => {
      if (error !== null) callback(error);
      else if (compressed !== undefined) callback(null, compressed as Buffer);
      // Later messages refer back to those that were compressed, and this one was not.
      else if (bytes.length > 0 && !(first && fin && this.params?.['server_no_context_takeover']))
        callback(new Error('The connection does not compress this message'));
      else callback(null, storedMessage(bytes));
    });
  }

  /**
   * Inflates a message, which may be passed in fragments. The callback of the last fragment receives the whole message.
   *
   * @param fin whether this is the last fragment
   */
  decompress(data: Uint8Array, fin: boolean, callback: Done): void {
    this[fragmentsKey].push(data);
    if (!fin) {
      callback(null, Buffer.alloc(0));
      return;
    }
    const message = Buffer.concat(this[fragmentsKey]);
    this[fragmentsKey] = [];
    negotiatedOf(this).decompress(message, (error, inflated) => {
      if (error === null) callback(null, inflated as Buffer);
      else callback(error);
    });
  }
}

function requireSupport(): void {
  if (!isSupported())
    throw new Error('permessage-deflate needs WebAssembly, which this runtime cannot compile');
}

/** Accepts the first acceptable offer, as a server. */
function answer(offers: readonly NegotiationParameter[][], options: PerMessageDeflateOptions): Negotiated {
  const result = acceptOffer(offers, options);
  if (!result.ok) throw result.error;
  return result;
}

/** Checks the response, as a client. */
function confirm(
  params: readonly NegotiationParameter[] | undefined,
  options: PerMessageDeflateOptions,
): Negotiated {
  if (params === undefined) throw new TypeError('There is no response to accept');
  // Like `ws`, tolerates a server that grants less than was requested.
  const check = checkResponse(params, { ...options, strict: options.strict ?? false });
  if (!check.ok) throw check.error;
  return { params, agreement: check.agreement };
}

function createExtension(agreement: Agreement, options: PerMessageDeflateOptions): Extension {
  const { isServer = false, maxPayload = 0, ...others } = options;
  const view = roleView(agreement, isServer ? 'server' : 'client');
  const always = { threshold: 0, takeoverThreshold: 0, leaveIncompressible: false };
  return new Transforms(view, maxPayload, { ...others, ...always });
}

function negotiatedOf(deflate: PerMessageDeflate): Extension {
  const extension = deflate[extensionKey];
  if (extension === undefined)
    throw new TypeError('The extension has not been negotiated yet: call accept() first');
  return extension;
}

/** The extension for a connection. It sends messages below the threshold uncompressed. */
function extensionIn(deflate: PerMessageDeflate): Extension {
  const extension = negotiatedOf(deflate);
  const { isServer, threshold = DEFAULT_THRESHOLD } = deflate[optionsKey];
  const ownTakeover = isServer ? 'server_no_context_takeover' : 'client_no_context_takeover';
  const shortest = deflate.params?.[ownTakeover] === undefined ? 0 : threshold;
  return {
    name: extension.name,
    compress(part, done) {
      if (part.first && Buffer.byteLength(part.data) < shortest) done(null);
      else extension.compress(part, done);
    },
    decompress: (message, done) => {
      extension.decompress(message, done);
    },
    close: () => {
      extension.close();
    },
  };
}

function fromNegotiated(extension: Extension, params: readonly NegotiationParameter[]): PerMessageDeflate {
  // The extension has its own threshold.
  const deflate = new PerMessageDeflate({ isServer: true, threshold: 0 });
  deflate[extensionKey] = extension;
  deflate.params = recordOf(params);
  return deflate;
}

/** Negotiated extensions by name, in the form of `ws`. Only one is known. */
export interface NegotiatedExtensions {
  [EXTENSION_NAME]?: PerMessageDeflate | undefined;
}

/** Converts extensions from the form of `ws` to the extension of a connection. */
export function extensionOf(extensions: NegotiatedExtensions | undefined): Extension | undefined {
  const deflate = extensions?.[EXTENSION_NAME];
  return deflate && extensionIn(deflate);
}

/** Converts a negotiated extension to the form of `ws`. */
export function extensionsOf(
  negotiated: { extension: Extension; params: readonly NegotiationParameter[] } | undefined,
): NegotiatedExtensions {
  return negotiated === undefined
    ? {}
    : { [EXTENSION_NAME]: fromNegotiated(negotiated.extension, negotiated.params) };
}

function recordOf(params: readonly NegotiationParameter[]): NegotiatedParameters {
  return Object.fromEntries(params.map(({ name, value }) => [name, value === true ? true : Number(value)]));
}

/** Encodes an incompressible message as stored blocks, with an empty block at the end (RFC 7692 §7.2.3.3). */
function storedMessage(bytes: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += MAX_STORED) {
    const stored = bytes.subarray(start, start + MAX_STORED);
    const header = Buffer.alloc(5);
    header.writeUInt16LE(stored.length, 1);
    header.writeUInt16LE(~stored.length & MAX_STORED, 3);
    parts.push(header, stored);
  }
  return Buffer.concat([...parts, Buffer.of(0)]);
}
