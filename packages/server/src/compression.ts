// What a server makes of the extensions that a client offers: permessage-deflate, or nothing.
import type { Extension } from '@framewire/connection';
import {
  extensionsNamed,
  parseExtensions,
  type ExtensionElement as NegotiatedExtension,
} from '@framewire/handshake';
import {
  acceptOffer,
  EXTENSION_NAME,
  PerMessageDeflate,
  resolveOption,
  roleView,
  type PerMessageDeflateOption,
} from '@framewire/permessage-deflate';

/** The extension of a connection, and what the response says of it. */
export interface Compression {
  readonly extension: Extension;
  readonly response: NegotiatedExtension;
}

/**
 * Judges the option when a server is made, so that no upgrade fails for it.
 *
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS`, or `TypeError` for a profile that there is not
 */
export function requireCompressionOption(option: PerMessageDeflateOption | undefined): void {
  resolveOption(option);
}

/**
 * Negotiates compression.
 *
 * @param header the value of `Sec-WebSocket-Extensions`
 * @param option false: whatever is offered, there is none
 * @returns undefined for none, also where the options allow none of the offers; 'refused' for a header that is malformed
 */
export function negotiateCompression(
  header: string | undefined,
  option: PerMessageDeflateOption | undefined,
  maxPayload: number,
): Compression | 'refused' | undefined {
  const options = resolveOption(option);
  if (options === undefined || header === undefined) return undefined;
  let offers;
  try {
    offers = extensionsNamed(parseExtensions(header), EXTENSION_NAME);
  } catch {
    return 'refused';
  }
  if (offers.length === 0) return undefined;
  const answer = acceptOffer(offers, options);
  if (!answer.ok) {
    // An offer that is declined leaves a connection without the extension (RFC 7692 §5); one that is malformed is refused.
    return answer.code === 'WS_ERR_NO_ACCEPTABLE_EXTENSION_OFFER' ? undefined : 'refused';
  }
  return {
    extension: new PerMessageDeflate(roleView(answer.agreement, 'server'), maxPayload, options),
    response: { name: EXTENSION_NAME, params: answer.params },
  };
}
