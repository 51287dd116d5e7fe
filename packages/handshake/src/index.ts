// The public API of the handshake.
export {
  extensionsNamed,
  formatExtensions,
  parseExtensions,
  type ExtensionElement,
  type ExtensionParameter,
} from './extensions.ts';
export { isFieldValue, isToken } from './grammar.ts';
export {
  HANDSHAKE_ERRORS,
  handshakeError,
  type HandshakeError,
  type HandshakeErrorCode,
  type HandshakeRule,
  type RefusalRule,
} from './handshake-error.ts';
export {
  requestHeadParser,
  responseHeadParser,
  type HeadLimits,
  type HeadParser,
  type HeadResult,
} from './head-parser.ts';
export {
  headerFields,
  headerRecord,
  type HeaderField,
  type IncomingHeaders,
  type OutgoingHeaders,
} from './headers.ts';
export {
  formatHead,
  formatRequestHead,
  formatResponseHead,
  type RequestHead,
  type ResponseHead,
} from './http-head.ts';
export { acceptValue, generateKey, isKey } from './key.ts';
export {
  createRefusal,
  formatRefusal,
  isRefusal,
  refusalError,
  refusalOf,
  UpgradeRefusal,
  type Refusal,
} from './refusal.ts';
export { reasonPhrase } from './status.ts';
export { chooseSubprotocol, formatSubprotocols, parseSubprotocols } from './subprotocols.ts';
export { parseTarget, type RequestTarget } from './target.ts';
export { tunnel, type TunnelEnd, type TunnelOptions } from './tunnel.ts';
export { type CheckOptions } from './upgrade-headers.ts';
export {
  checkUpgradeRequest,
  createUpgradeRequest,
  upgradeRequestHeaders,
  type IncomingUpgradeRequest,
  type ProtocolVersion,
  type RawUpgradeRequestOptions,
  type UpgradeRequestCheck,
  type UpgradeRequestHeaders,
  type UpgradeRequestOptions,
} from './upgrade-request.ts';
export {
  acceptUpgrade,
  checkUpgradeResponse,
  type AcceptOptions,
  type IncomingUpgradeResponse,
  type ResponseExpectation,
  type UpgradeResponseCheck,
} from './upgrade-response.ts';
