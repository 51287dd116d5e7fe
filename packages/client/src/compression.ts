// The client's offer of permessage-deflate, and the check of the server's answer.
import type { ExtensionElement } from '@framewire/handshake';
import {
  checkResponse,
  createOffer,
  EXTENSION_NAME,
  PerMessageDeflate,
  resolveOption,
  roleView,
  type PerMessageDeflateOption,
} from '@framewire/permessage-deflate';

/** Returns the extensions to offer. By default, the server may choose all parameters. */
export function offerCompression(option: PerMessageDeflateOption = true): ExtensionElement[] {
  const options = resolveOption(option);
  return options === undefined ? [] : [{ name: EXTENSION_NAME, params: createOffer(options) }];
}

/**
 * Returns the extension of the connection.
 *
 * @param response the elements of {@link offerCompression} that the server accepted
 * @returns undefined for none, 'refused' if the answer does not match the offer
 */
export function acceptCompression(
  response: readonly ExtensionElement[],
  option: PerMessageDeflateOption = true,
  maxPayload: number,
): PerMessageDeflate | 'refused' | undefined {
  const [answer] = response;
  if (answer === undefined) return undefined;
  const options = resolveOption(option) ?? {};
  // Like `ws`, accept a server that does not grant the parameters that the client requires of it.
  const check = checkResponse(answer.params, { ...options, strict: options.strict ?? false });
  if (!check.ok) return 'refused';
  return new PerMessageDeflate(roleView(check.agreement, 'client'), maxPayload, options);
}
