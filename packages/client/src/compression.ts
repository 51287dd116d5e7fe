// What a client offers of extensions, permessage-deflate or nothing, and what comes of the server's answer.
import type { Extension as NegotiatedExtension } from '@framewire/handshake';
import {
  checkResponse,
  createOffer,
  EXTENSION_NAME,
  PerMessageDeflate,
  roleView,
  type PerMessageDeflateOptions,
} from '@framewire/permessage-deflate';

/** `perMessageDeflate` of a client. */
export type CompressionOption = boolean | PerMessageDeflateOptions | undefined;

/** What to offer: default is one offer that lets the server choose everything. */
export function offerCompression(option: CompressionOption = true): NegotiatedExtension[] {
  if (!option) return [];
  return [{ name: EXTENSION_NAME, params: createOffer(settingsOf(option)) }];
}

/**
 * The extension of the connection.
 *
 * @param response what the server accepted of {@link offerCompression}
 * @returns undefined for none, 'refused' when the answer does not fit the offer
 */
export function acceptCompression(
  response: readonly NegotiatedExtension[],
  option: CompressionOption = true,
  maxPayload: number,
): PerMessageDeflate | 'refused' | undefined {
  const [answer] = response;
  if (answer === undefined) return undefined;
  const settings = settingsOf(option);
  // As `ws` does, a server is put up with that does less than it was asked for.
  const check = checkResponse(answer.params, { ...settings, strict: settings.strict ?? false });
  if (!check.ok) return 'refused';
  return new PerMessageDeflate(roleView(check.agreement, 'client'), maxPayload, settings);
}

function settingsOf(option: boolean | PerMessageDeflateOptions): PerMessageDeflateOptions {
  return typeof option === 'boolean' ? {} : option;
}
