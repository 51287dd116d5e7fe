// `@framewire/permessage-deflate/negotiation`: the negotiation alone. It is pure, and runs in any engine.
export {
  EXTENSION_NAME,
  formatParameters,
  parseParameters,
  type NegotiationParameter,
  type Parameters,
  type ParametersResult,
  type WindowBits,
} from './parameters.ts';
export {
  acceptOffer,
  checkResponse,
  createOffer,
  MAX_OFFERS,
  optionsOf,
  roleView,
  type Acceptance,
  type Agreement,
  type Confirmation,
  type DirectionView,
  type RoleView,
} from './negotiation.ts';
export type { ClientNegotiationOptions, ServerNegotiationOptions } from './options.ts';
export {
  NEGOTIATION_ERRORS,
  type NegotiationError,
  type NegotiationErrorCode,
  type NegotiationRule,
  type Refused,
} from './negotiation-error.ts';
