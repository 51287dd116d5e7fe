// The rules that the header of a frame can break (RFC 6455 §5.1, §5.2, §5.5), in the order in which they are checked.
import { FIN, LENGTH, MASK, MAX_LENGTH_7, OPCODE, RSV1, RSV2_RSV3 } from './frame-header.ts';
import { isControl, isOpcode, Opcode } from './opcode.ts';
import { protocolError, type ProtocolError } from './protocol-error.ts';

/**
 * Returns the error for the first rule that the first two bytes of a header break, or `undefined` if they break none.
 *
 * @param mask the MASK bit that every frame must have
 * @param allowRsv1 whether an extension that uses RSV1 was negotiated
 */
export function checkFirstBytes(
  first: number,
  second: number,
  mask: number,
  allowRsv1: boolean,
): ProtocolError | undefined {
  const opcode = first & OPCODE;
  return (
    checkReservedBits(first, opcode, allowRsv1) ??
    checkOpcode(opcode) ??
    checkControlFrame(first, second, opcode) ??
    checkMask(second, mask)
  );
}

/** §5.2: RSV1 to RSV3 "MUST be 0 unless an extension is negotiated". RFC 7692 §6: only the first frame of a message has RSV1. */
function checkReservedBits(first: number, opcode: number, allowRsv1: boolean): ProtocolError | undefined {
  if ((first & RSV2_RSV3) !== 0) return protocolError('UNEXPECTED_RSV_2_3');
  const mayHaveRsv1 = allowRsv1 && opcode !== Opcode.CONTINUATION && !isControl(opcode);
  return (first & RSV1) !== 0 && !mayHaveRsv1 ? protocolError('UNEXPECTED_RSV_1') : undefined;
}

function checkOpcode(opcode: number): ProtocolError | undefined {
  return isOpcode(opcode) ? undefined : protocolError('INVALID_OPCODE', opcode);
}

/** §5.5: not fragmented, at most 125 bytes. §5.5.1: the body of a close frame is empty or starts with a 2-byte code. */
function checkControlFrame(first: number, second: number, opcode: number): ProtocolError | undefined {
  if (!isControl(opcode)) return undefined;
  if ((first & FIN) === 0) return protocolError('EXPECTED_FIN');
  const length = second & LENGTH;
  const isTooShort = length === 1 && opcode === Opcode.CLOSE;
  return length > MAX_LENGTH_7 || isTooShort
    ? protocolError('INVALID_CONTROL_PAYLOAD_LENGTH', length)
    : undefined;
}

/** §5.1: a client masks every frame, and a server masks none. */
function checkMask(second: number, mask: number): ProtocolError | undefined {
  if ((second & MASK) === mask) return undefined;
  return protocolError(mask === 0 ? 'UNEXPECTED_MASK' : 'EXPECTED_MASK');
}

/** Checks a length above the limit. Only a control frame may have such a length, because the limit applies to messages. */
export function checkLongPayload(opcode: number, length: number): ProtocolError | undefined {
  if (length > Number.MAX_SAFE_INTEGER) return protocolError('UNSUPPORTED_DATA_PAYLOAD_LENGTH');
  return isControl(opcode) ? undefined : protocolError('UNSUPPORTED_MESSAGE_LENGTH');
}
