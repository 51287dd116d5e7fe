// `PerMessageDeflate` in the shape of `ws`: negotiation and transforms of one end in one object, over ours.
import { Buffer } from 'node:buffer';
import type { Extension } from '@framewire/connection';
import {
  acceptOffer,
  checkResponse,
  createOffer,
  DEFAULT_THRESHOLD,
  EXTENSION_NAME,
  PerMessageDeflate as Transforms,
  roleView,
  type Agreement,
  type NegotiationParameter,
  type PerMessageDeflateOptions as Options,
} from '@framewire/permessage-deflate';
import { listOf, type FormattedParameters } from './extension-parameters.ts';

/** The options of the extension, with those that tell whose end it is. */
export type PerMessageDeflateOptions = Options & {
  /** Whether this is a server's end. Default false. */
  readonly isServer?: boolean | undefined;
  /** The longest message, in bytes. Default 0 = no limit. */
  readonly maxPayload?: number | undefined;
};

/** The parameters of an offer or a response: a number for a window, true for what has no value. */
export type NegotiatedParameters = Record<string, number | true>;

interface Negotiated {
  readonly params: readonly NegotiationParameter[];
  readonly agreement: Agreement;
}

type Done = (error: Error | null, data?: Buffer) => void;

/** The most bytes that a block can store as they are (RFC 1951 §3.2.4). */
const MAX_STORED = 0xffff;

const optionsKey = Symbol('options');
const extensionKey = Symbol('extension');
const piecesKey = Symbol('pieces');
const firstKey = Symbol('first');

/**
 * permessage-deflate (RFC 7692) at one end of a connection: {@link PerMessageDeflate.offer} and {@link PerMessageDeflate.accept}
 * negotiate it, then messages can be compressed and inflated, one at a time in each direction.
 *
 * @example
 * ```ts
 * const server = new PerMessageDeflate({ isServer: true });
 * server.accept([{ client_max_window_bits: [true] }]); // {}
 * server.compress('hello', true, (error, data) => console.log(data));
 * ```
 */
export class PerMessageDeflate {
  /** The name by which the extension is negotiated. */
  static get extensionName(): typeof EXTENSION_NAME {
    return EXTENSION_NAME;
  }

  /** What was negotiated; null before. */
  params: NegotiatedParameters | null = null;

  /** @internal */
  declare readonly [optionsKey]: PerMessageDeflateOptions;
  /** @internal */
  declare [extensionKey]: Extension | undefined;
  /** @internal The pieces of a compressed message whose end is still to come. */
  declare [piecesKey]: Uint8Array[];
  /** @internal Whether the next piece to compress begins a message. */
  declare [firstKey]: boolean;

  constructor(options: PerMessageDeflateOptions = {}) {
    this[optionsKey] = options;
    this[extensionKey] = undefined;
    this[piecesKey] = [];
    this[firstKey] = true;
  }

  /** What a client offers. */
  offer(): NegotiatedParameters {
    return recordOf(createOffer(this[optionsKey]));
  }

  /**
   * Takes the peer's offers, as a server, or its response, as a client.
   *
   * @param configurations as `extension.parse()` gives them
   * @returns the parameters that were agreed on: a server's response
   * @throws `Error` or `TypeError` where nothing can be agreed on
   */
  accept(configurations: readonly FormattedParameters[]): NegotiatedParameters {
    const lists = configurations.map(listOf);
    const options = this[optionsKey];
    const { params, agreement } = options.isServer ? answer(lists, options) : confirm(lists[0], options);
    this[extensionKey] = createExtension(agreement, options);
    this.params = recordOf(params);
    // A client that limits its own window does so whatever the response says, and here says it too.
    if (!options.isServer && typeof options.clientMaxWindowBits === 'number') {
      this.params['client_max_window_bits'] ??= options.clientMaxWindowBits;
    }
    return this.params;
  }

  /** Frees what belongs to the connection. */
  cleanup(): void {
    this[extensionKey]?.close();
  }

  /**
   * Compresses a message, or a piece of one.
   *
   * @param fin whether the message ends with it
   */
  compress(data: string | Uint8Array, fin: boolean, callback: Done): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const first = this[firstKey];
    this[firstKey] = fin;
    negotiatedOf(this).compress({ data: bytes, first, fin }, (error, compressed) => {
      if (error === null) callback(null, (compressed as Buffer | undefined) ?? storedMessage(bytes));
      else callback(error);
    });
  }

  /**
   * Inflates a message, of which the pieces may come one by one: the last gives it whole.
   *
   * @param fin whether the message ends with it
   */
  decompress(data: Uint8Array, fin: boolean, callback: Done): void {
    this[piecesKey].push(data);
    if (!fin) {
      callback(null, Buffer.alloc(0));
      return;
    }
    const message = Buffer.concat(this[piecesKey]);
    this[piecesKey] = [];
    negotiatedOf(this).decompress(message, (error, inflated) => {
      if (error === null) callback(null, inflated as Buffer);
      else callback(error);
    });
  }
}

/** A server's answer to offers. */
function answer(offers: readonly NegotiationParameter[][], options: PerMessageDeflateOptions): Negotiated {
  const result = acceptOffer(offers, options);
  if (!result.ok) throw result.error;
  return result;
}

/** A client's check of the response. */
function confirm(
  params: readonly NegotiationParameter[] | undefined,
  options: PerMessageDeflateOptions,
): Negotiated {
  if (params === undefined) throw new TypeError('There is no response to accept');
  // As `ws` does, a server is put up with that does less than it was asked for.
  const check = checkResponse(params, { ...options, strict: options.strict ?? false });
  if (!check.ok) throw check.error;
  return { params, agreement: check.agreement };
}

function createExtension(agreement: Agreement, options: PerMessageDeflateOptions): Extension {
  const { isServer = false, maxPayload = 0, ...others } = options;
  const view = roleView(agreement, isServer ? 'server' : 'client');
  return new Transforms(view, maxPayload, { ...others, threshold: 0, leaveIncompressible: false });
}

function negotiatedOf(deflate: PerMessageDeflate): Extension {
  const extension = deflate[extensionKey];
  if (extension === undefined)
    throw new TypeError('The extension has not been negotiated yet: call accept() first');
  return extension;
}

/** What a connection needs of the object: what it sends below the threshold stays as it is. */
function extensionIn(deflate: PerMessageDeflate): Extension {
  const extension = negotiatedOf(deflate);
  const { isServer, threshold = DEFAULT_THRESHOLD } = deflate[optionsKey];
  const ownTakeover = isServer ? 'server_no_context_takeover' : 'client_no_context_takeover';
  const shortest = deflate.params?.[ownTakeover] === undefined ? 0 : threshold;
  return {
    name: extension.name,
    compress(part, done) {
      if (part.first && part.data.length < shortest) done(null);
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
  // The extension has a threshold of its own.
  const deflate = new PerMessageDeflate({ isServer: true, threshold: 0 });
  deflate[extensionKey] = extension;
  deflate.params = recordOf(params);
  return deflate;
}

/** Extensions by name, as `ws` hands them about: there is one that is known. */
export interface NegotiatedExtensions {
  [EXTENSION_NAME]?: PerMessageDeflate | undefined;
}

/** What a connection needs of extensions in the shape of `ws`. */
export function extensionOf(extensions: NegotiatedExtensions | undefined): Extension | undefined {
  const deflate = extensions?.[EXTENSION_NAME];
  return deflate && extensionIn(deflate);
}

/** What a server has negotiated, in the shape of `ws`. */
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

/** A message that compressing would have made longer: its bytes in stored blocks, and an empty one at the end (RFC 7692 §7.2.3.3). */
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
