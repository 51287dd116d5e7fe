// The public surface of the codec.
export { CloseCode, isValidCloseCode } from './close-code.ts';
export {
  formatClosePayload,
  MAX_REASON_LENGTH,
  parseClosePayload,
  type ClosePayload,
} from './close-payload.ts';
export {
  isClean,
  isClosed,
  isOver,
  maySend,
  nextClosingPhase,
  readsOn,
  type ClosingEvent,
  type ClosingPhase,
} from './closing-handshake.ts';
export { Endpoint, type EndpointOptions } from './endpoint.ts';
export type { EndpointEvent } from './endpoint-events.ts';
export type { Extension, OutgoingPart, SharedMessage, TransformDone } from './extension.ts';
export type { Frame, PartialFrame } from './frame.ts';
export { FrameDecoder, type FrameDecoderOptions } from './frame-decoder.ts';
export {
  encodeFrame,
  maxTextFrameSize,
  writeFrame,
  writeTextFrame,
  type FrameToEncode,
} from './frame-encoder.ts';
export { firstByte, frameHeaderSize, MAX_HEADER_SIZE, writeFrameHeader } from './frame-header.ts';
export {
  applyMask,
  copyMasked,
  randomMaskingKey,
  readMaskingKey,
  rotateMaskingKey,
  writeMaskingKey,
  type MaskingKey,
} from './masking.ts';
export { MessageAssembler, type Message, type MessageAssemblerOptions } from './message-assembler.ts';
export { isControl, isOpcode, Opcode, type DataOpcode } from './opcode.ts';
export {
  isProtocolError,
  PROTOCOL_ERRORS,
  protocolError,
  type ProtocolError,
  type ProtocolErrorCode,
  type ProtocolRule,
} from './protocol-error.ts';
export { isUtf8, Utf8Validator } from './utf8.ts';
