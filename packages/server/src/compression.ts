// Negotiates permessage-deflate from the extensions that a client offers.
import type { Extension } from '@framewire/connection';
import { extensionsNamed, parseExtensions, type ExtensionElement } from '@framewire/handshake';
import {
  acceptOffer,
  EXTENSION_NAME,
  PerMessageDeflate,
  resolveOption,
  roleView,
  type PerMessageDeflateOption,
} from '@framewire/permessage-deflate';

/** The extension of a connection, and its element in the response header. */
export interface Compression {
  readonly extension: Extension;
  readonly response: ExtensionElement;
}

/**
 * Checks the option in the server's constructor, so that an invalid option does not fail upgrades later.
 *
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for an invalid window, `TypeError` for an unknown profile
 */
export function requireCompressionOption(option: PerMessageDeflateOption | undefined): void {
  resolveOption(option);
}

/**
 * Negotiates compression.
 *
 * @param header the value of `Sec-WebSocket-Extensions`
 * @param option false disables compression
 * @returns undefined without compression, including when the options allow none of the offers; 'refused' for a malformed header
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
    // If every offer is declined, the connection opens without the extension (RFC 7692 §5). A malformed offer is refused.
    return answer.code === 'WS_ERR_NO_ACCEPTABLE_EXTENSION_OFFER' ? undefined : 'refused';
  }
  return {
    extension: new PerMessageDeflate(roleView(answer.agreement, 'server'), maxPayload, options),
    response: { name: EXTENSION_NAME, params: answer.params },
  };
}
