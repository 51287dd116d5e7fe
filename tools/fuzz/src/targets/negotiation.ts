// The negotiation of permessage-deflate, from the header's value to the agreement of both ends (RFC 7692 §7.1).
import { between, pick, type Random } from '@framewire/contract/random';
import { extensionsNamed, formatExtensions, parseExtensions } from '@framewire/handshake';
import {
  acceptOffer,
  checkResponse,
  createOffer,
  EXTENSION_NAME,
  formatParameters,
  NEGOTIATION_ERRORS,
  optionsOf,
  parseParameters,
} from '@framewire/permessage-deflate';
import { must, mustEqual } from '../finding.ts';
import { oneIn, someOf } from '../generate.ts';
import { choose, Input } from '../input.ts';
import {
  agreementOf,
  answerOf,
  isFitting,
  readParameters,
  type List,
  type Wanted,
} from '../model/negotiating.ts';
import type { Target } from '../target.ts';

/** The functions under test. */
export interface Negotiation {
  readonly acceptOffer: typeof acceptOffer;
  readonly checkResponse: typeof checkResponse;
  readonly parseParameters: typeof parseParameters;
}

const CODES = new Set<string>(Object.values(NEGOTIATION_ERRORS).map(({ code }) => code));

export function negotiationTarget(
  negotiation: Negotiation = { acceptOffer, checkResponse, parseParameters },
): Target {
  return {
    name: 'negotiation',
    generate,
    run: (input) => run(negotiation, input),
  };
}

const FLAGS = [undefined, undefined, true, false];
const WINDOWS = [undefined, undefined, undefined, true, false, 8, 9, 10, 11, 12, 13, 14, 15];
const PARAMETERS = [
  'client_max_window_bits',
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_max_window_bits',
  'x',
  '__proto__',
];
const VALUES = ['=8', '=9', '=10', '=12', '=15', '="11"', '=16', '=7', '=08', '=1', '=9.0', '=x'];

function generate(random: Random): Uint8Array {
  const words = ['permessage-deflate', 'permessage-deflate', ...(oneIn(random, 6) ? ['other'] : [])];
  const parameters = PARAMETERS.slice(0, oneIn(random, 6) ? 6 : 4).flatMap((name) => [
    name,
    `${name}${pick(random, VALUES.slice(0, oneIn(random, 4) ? VALUES.length : 6))}`,
  ]);
  const offers = Array.from({ length: between(random, 1, 3) }, () => {
    const name = pick(random, words);
    return oneIn(random, 6) ? name : `${name}; ${someOf(random, parameters, ['; '], 3)}`;
  });
  const choices = Array.from({ length: 5 }, () => between(random, 0, 255));
  return Buffer.concat([Buffer.from(choices), Buffer.from(offers.join(', '))]);
}

function run(negotiation: Negotiation, bytes: Uint8Array): string {
  const input = new Input(bytes);
  const isOffer = (input.byte() & 1) === 0;
  const wanted: Wanted = {
    serverNoContextTakeover: choose(FLAGS, input.byte()),
    clientNoContextTakeover: choose(FLAGS, input.byte()),
    serverMaxWindowBits: choose(WINDOWS, input.byte()),
    clientMaxWindowBits: choose(WINDOWS, input.byte()),
  };
  let lists: readonly List[];
  try {
    lists = extensionsNamed(parseExtensions(input.text()), EXTENSION_NAME);
  } catch {
    // The target `headers` tests invalid lists of extensions.
    return 'no header';
  }
  const [first] = lists;
  if (first === undefined) return 'none';
  for (const list of lists) checkParameters(negotiation, list);
  return isOffer ? offer(negotiation, lists, wanted) : response(negotiation, first, wanted);
}

function checkParameters({ parseParameters }: Negotiation, list: List): void {
  for (const kind of ['offer', 'response'] as const) {
    const result = parseParameters(list, kind);
    mustEqual(`whether it is a valid ${kind}`, result.ok, readParameters(list, kind) !== undefined);
    if (!result.ok) checkCode(result.error.code);
    else
      mustEqual(
        'parameters that were written',
        parseParameters(formatParameters(result.parameters), kind),
        result,
      );
  }
}

function offer({ acceptOffer, checkResponse }: Negotiation, lists: readonly List[], wanted: Wanted): string {
  const acceptance = acceptOffer(lists, wanted);
  const answers = lists.map((list) => {
    const parameters = readParameters(list, 'offer');
    return parameters === undefined ? undefined : answerOf(parameters, wanted);
  });
  const index = answers.findIndex((answer) => answer !== undefined);
  const answer = answers[index];
  if (!acceptance.ok) {
    mustEqual('the offer that is accepted', -1, index);
    checkCode(acceptance.error.code);
    return `declined ${acceptance.error.code}`;
  }
  mustEqual('the offer that is accepted', acceptance.index, index);
  mustEqual('the answer', readParameters(acceptance.params, 'response'), answer ?? {});
  mustEqual("the server's agreement", acceptance.agreement, agreementOf(answer ?? {}));
  // The client that made the offer reads the answer from the header. It must accept it, with the same agreement.
  const header = formatExtensions([{ name: EXTENSION_NAME, params: acceptance.params }]);
  const [params = []] = extensionsNamed(parseExtensions(header), EXTENSION_NAME);
  const made = parseParameters(lists[index] ?? []);
  if (made.ok) {
    const confirmation = checkResponse(params, optionsOf(made.parameters));
    must(confirmation.ok, 'the client that made the offer refuses the answer');
    if (confirmation.ok) checkBothEnds(confirmation.agreement, acceptance.agreement);
  }
  return `accepted ${Object.keys(answer ?? {})
    .sort()
    .join()}`;
}

/** A client may limit itself further than the answer says. Otherwise both ends have the same agreement. */
function checkBothEnds(client: Agreement, server: Agreement): void {
  mustEqual('the window of the server', client.serverMaxWindowBits, server.serverMaxWindowBits);
  mustEqual('the context of the server', client.serverNoContextTakeover, server.serverNoContextTakeover);
  must(
    client.clientMaxWindowBits <= server.clientMaxWindowBits,
    'the client uses a larger window than the server expects',
  );
  must(
    client.clientNoContextTakeover || !server.clientNoContextTakeover,
    'the client keeps a context that the server does not',
  );
}

type Agreement = Extract<ReturnType<typeof checkResponse>, { ok: true }>['agreement'];

function response({ checkResponse }: Negotiation, list: List, wanted: Wanted): string {
  const confirmation = checkResponse(list, wanted);
  const parameters = readParameters(list, 'response');
  const fits = parameters !== undefined && isFitting(parameters, wanted);
  mustEqual('whether the client agrees', confirmation.ok, fits);
  if (!confirmation.ok) {
    checkCode(confirmation.error.code);
    return `refused ${confirmation.error.code}`;
  }
  const own = readParameters(createOffer(wanted), 'offer') ?? {};
  mustEqual("the client's agreement", confirmation.agreement, {
    ...agreementOf({
      ...parameters,
      ...(own.client_no_context_takeover && { client_no_context_takeover: true as const }),
      ...(parameters?.client_max_window_bits === undefined &&
        typeof own.client_max_window_bits === 'number' && {
          client_max_window_bits: own.client_max_window_bits,
        }),
    }),
  });
  return `agreed ${Object.keys(parameters ?? {})
    .sort()
    .join()}`;
}

function checkCode(code: string): void {
  must(CODES.has(code), `an error with the undocumented code ${code}`);
}
