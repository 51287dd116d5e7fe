// What a client offers of extensions, permessage-deflate or nothing, and what comes of the server's answer.
import type { Extension as NegotiatedExtension } from '@framewire/handshake';
import {
  checkResponse,
  createOffer,
  EXTENSION_NAME,
  PerMessageDeflate,
  resolveOption,
  roleView,
  type PerMessageDeflateOption,
} from '@framewire/permessage-deflate';

/** What to offer: default is one offer that lets the server choose everything. */
export function offerCompression(option: PerMessageDeflateOption = true): NegotiatedExtension[] {
  const options = resolveOption(option);
  return options === undefined ? [] : [{ name: EXTENSION_NAME, params: createOffer(options) }];
}

/**
 * The extension of the connection.
 *
 * @param response what the server accepted of {@link offerCompression}
 * @returns undefined for none, 'refused' when the answer does not fit the offer
 */
export function acceptCompression(
  response: readonly NegotiatedExtension[],
  option: PerMessageDeflateOption = true,
  maxPayload: number,
): PerMessageDeflate | 'refused' | undefined {
  const [answer] = response;
  if (answer === undefined) return undefined;
  const options = resolveOption(option) ?? {};
  // As `ws` does, a server is put up with that does less than it was asked for.
  const check = checkResponse(answer.params, { ...options, strict: options.strict ?? false });
  if (!check.ok) return 'refused';
  return new PerMessageDeflate(roleView(check.agreement, 'client'), maxPayload, options);
}
