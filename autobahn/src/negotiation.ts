/** The negotiation of permessage-deflate (RFC 7692 §5 and §7.1): what the suite offers, accepts and checks. */

import { HandshakeError } from './handshake.ts';
import type { ParameterSet } from './case.ts';
import type { DirectionParameters } from './compression.ts';

/** The negotiated parameters for both directions. */
export interface Agreement {
  readonly client: DirectionParameters;
  readonly server: DirectionParameters;
}

/** One extension of a header with its parameters; `true` stands for a parameter without a value. */
interface Extension {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string | true>;
}

const NAME = 'permessage-deflate';
const BASE = `${NAME}; client_no_context_takeover; client_max_window_bits`;
const MIN_WINDOW = 8;
const MAX_WINDOW = 15;

/** What the suite offers as a client, for 13.1 to 13.7. */
const OFFERS: Readonly<Record<ParameterSet, string>> = {
  1: BASE,
  2: `${BASE}; server_no_context_takeover`,
  3: `${BASE}; server_max_window_bits=9`,
  4: `${BASE}; server_max_window_bits=15`,
  5: `${BASE}; server_no_context_takeover; server_max_window_bits=9`,
  6: `${BASE}; server_no_context_takeover; server_max_window_bits=15`,
  7: [
    `${BASE}; server_no_context_takeover; server_max_window_bits=9`,
    `${BASE}; server_no_context_takeover`,
    BASE,
  ].join(', '),
};

/** What the suite, as a server, requires of a client's offer, and adds to its answer. */
interface Acceptance {
  /** Whether the offer must name client_max_window_bits. */
  readonly needsWindow: boolean;
  readonly adds: readonly string[];
}

const ANYTHING: Acceptance = { needsWindow: false, adds: [] };
const NO_CONTEXT: Acceptance = { needsWindow: false, adds: ['client_no_context_takeover'] };
const NO_CONTEXT_SMALL: Acceptance = {
  needsWindow: true,
  adds: ['client_no_context_takeover', 'client_max_window_bits=9'],
};

/** What the suite accepts as a server, for 13.1 to 13.7: the first rule that an offer matches. */
const ACCEPTANCES: Readonly<Record<ParameterSet, readonly Acceptance[]>> = {
  1: [ANYTHING],
  2: [NO_CONTEXT],
  3: [{ needsWindow: true, adds: ['client_max_window_bits=9'] }],
  4: [{ needsWindow: true, adds: ['client_max_window_bits=15'] }],
  5: [NO_CONTEXT_SMALL],
  6: [{ needsWindow: true, adds: ['client_no_context_takeover', 'client_max_window_bits=15'] }],
  7: [NO_CONTEXT_SMALL, NO_CONTEXT, ANYTHING],
};

/** Returns the value of Sec-WebSocket-Extensions that the suite sends as a client. */
export function offerOf(parameters: ParameterSet): string {
  return OFFERS[parameters];
}

/**
 * Reads a server's answer to an offer. Returns null if it names no extension.
 *
 * @throws HandshakeError if it names another extension, or permessage-deflate twice or with invalid parameters.
 */
export function readAnswer(header: string | undefined): Agreement | null {
  const [extension, ...more] = parseExtensions(header ?? '');
  if (!extension) return null;
  if (more.length > 0) throw new HandshakeError('the server names more than one extension');
  if (extension.name !== NAME) throw new HandshakeError(`the server names the extension ${extension.name}`);
  checkParameters(extension, ['client_max_window_bits', 'server_max_window_bits']);
  return agreementOf(extension);
}

/**
 * Reads a client's offers and answers them. Returns null if none is accepted. `parameters` is null if no offer may be accepted, but the
 * offers are checked even then.
 *
 * @throws HandshakeError if an offer of permessage-deflate is malformed.
 */
export function answerOffers(
  header: string | undefined,
  parameters: ParameterSet | null,
): { answer: string; agreement: Agreement } | null {
  const offers = parseExtensions(header ?? '').filter(({ name }) => name === NAME);
  for (const offer of offers) checkParameters(offer, ['server_max_window_bits']);
  for (const { needsWindow, adds } of parameters === null ? [] : ACCEPTANCES[parameters]) {
    const offer = offers.find((one) => !needsWindow || one.parameters.has('client_max_window_bits'));
    if (!offer) continue;
    const answer = [NAME, ...granted(offer), ...adds].join('; ');
    const [extension] = parseExtensions(answer);
    if (extension) return { answer, agreement: agreementOf(extension) };
  }
  return null;
}

/** Returns the parameters for the server that an offer requests. All of them are granted. */
function granted({ parameters }: Extension): string[] {
  const window = parameters.get('server_max_window_bits');
  return [
    ...(parameters.has('server_no_context_takeover') ? ['server_no_context_takeover'] : []),
    ...(window === undefined ? [] : [`server_max_window_bits=${String(window)}`]),
  ];
}

function agreementOf({ parameters }: Extension): Agreement {
  const direction = (end: 'client' | 'server'): DirectionParameters => ({
    windowBits: Number(parameters.get(`${end}_max_window_bits`) ?? MAX_WINDOW),
    noContextTakeover: parameters.has(`${end}_no_context_takeover`),
  });
  return { client: direction('client'), server: direction('server') };
}

/** Checks names and values. Parameters in `needValue` must have a value. */
function checkParameters({ parameters }: Extension, needValue: readonly string[]): void {
  for (const [name, value] of parameters) {
    if (/^(?:client|server)_no_context_takeover$/.test(name)) {
      if (value !== true) throw new HandshakeError(`${name} has a value`);
    } else if (!/^(?:client|server)_max_window_bits$/.test(name)) {
      throw new HandshakeError(`${NAME} has the unknown parameter ${name}`);
    } else if (value === true ? needValue.includes(name) : !isWindow(value)) {
      throw new HandshakeError(`${name} is not a number from ${MIN_WINDOW} to ${MAX_WINDOW}`);
    }
  }
}

function isWindow(value: string): boolean {
  return /^\d{1,2}$/.test(value) && Number(value) >= MIN_WINDOW && Number(value) <= MAX_WINDOW;
}

function parseExtensions(header: string): Extension[] {
  return header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseExtension);
}

function parseExtension(text: string): Extension {
  const [name = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string | true>();
  for (const part of rest) {
    const [key = '', value] = part.split('=').map((side) => side.trim());
    if (parameters.has(key)) throw new HandshakeError(`${name} has the parameter ${key} twice`);
    parameters.set(key, value === undefined ? true : value.replace(/^"(.*)"$/, '$1'));
  }
  return { name, parameters };
}
