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
  type ExtensionParameter,
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
  readonly params: readonly ExtensionParameter[];
  readonly agreement: Agreement;
}

type Done = (error: Error | null, data?: Buffer) => void;

/** The most bytes that a block can store as they are (RFC 1951 §3.2.4). */
const MAX_STORED = 0xffff;

/** What a connection needs of the object, for the adapters beside it. */
let extensionIn: (deflate: PerMessageDeflate) => Extension;
let fromNegotiated: (extension: Extension, params: readonly ExtensionParameter[]) => PerMessageDeflate;

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

  readonly #options: PerMessageDeflateOptions;
  #extension: Extension | undefined = undefined;
  /** The pieces of a compressed message whose end is still to come. */
  #pieces: Uint8Array[] = [];
  /** Whether the next piece to compress begins a message. */
  #first = true;

  constructor(options: PerMessageDeflateOptions = {}) {
    this.#options = options;
  }

  /** What a client offers. */
  offer(): NegotiatedParameters {
    return recordOf(createOffer(this.#options));
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
    const { params, agreement } = this.#options.isServer
      ? this.#answer(lists)
      : this.#confirm(lists[0] ?? []);
    this.#extension = this.#createExtension(agreement);
    this.params = recordOf(params);
    return this.params;
  }

  /** Frees what belongs to the connection. */
  cleanup(): void {
    this.#extension?.close();
  }

  /**
   * Compresses a message, or a piece of one.
   *
   * @param fin whether the message ends with it
   */
  compress(data: string | Uint8Array, fin: boolean, callback: Done): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const first = this.#first;
    this.#first = fin;
    this.#negotiated().compress({ data: bytes, first, fin }, (error, compressed) => {
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
    this.#pieces.push(data);
    if (!fin) {
      callback(null, Buffer.alloc(0));
      return;
    }
    const message = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#negotiated().decompress(message, (error, inflated) => {
      if (error === null) callback(null, inflated as Buffer);
      else callback(error);
    });
  }

  #answer(offers: readonly ExtensionParameter[][]): Negotiated {
    const answer = acceptOffer(offers, this.#options);
    if (!answer.ok) throw answer.error;
    return answer;
  }

  #confirm(params: readonly ExtensionParameter[]): Negotiated {
    // As `ws` does, a server is put up with that does less than it was asked for.
    const check = checkResponse(params, { ...this.#options, strict: this.#options.strict ?? false });
    if (!check.ok) throw check.error;
    return { params, agreement: check.agreement };
  }

  #negotiated(): Extension {
    if (this.#extension === undefined) throw new Error('The extension has not been negotiated yet');
    return this.#extension;
  }

  #createExtension(agreement: Agreement): Extension {
    const { isServer = false, maxPayload = 0, ...options } = this.#options;
    const view = roleView(agreement, isServer ? 'server' : 'client');
    return new Transforms(view, maxPayload, { ...options, threshold: 0, leaveIncompressible: false });
  }

  /** What a connection sends below the threshold stays as it is. */
  #forConnection(): Extension {
    const extension = this.#negotiated();
    const { isServer, threshold = DEFAULT_THRESHOLD } = this.#options;
    const ownTakeover = isServer ? 'server_no_context_takeover' : 'client_no_context_takeover';
    const shortest = this.params?.[ownTakeover] === undefined ? 0 : threshold;
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

  static {
    extensionIn = (deflate) => deflate.#forConnection();
    fromNegotiated = (extension, params) => {
      // The extension has a threshold of its own.
      const deflate = new PerMessageDeflate({ isServer: true, threshold: 0 });
      deflate.#extension = extension;
      deflate.params = recordOf(params);
      return deflate;
    };
  }
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
  negotiated: { extension: Extension; params: readonly ExtensionParameter[] } | undefined,
): NegotiatedExtensions {
  return negotiated === undefined
    ? {}
    : { [EXTENSION_NAME]: fromNegotiated(negotiated.extension, negotiated.params) };
}

function recordOf(params: readonly ExtensionParameter[]): NegotiatedParameters {
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
