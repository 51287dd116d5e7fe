// The rules that a peer can break on an open connection, each with its close code (RFC 6455 §7.4.1) and the code of our error.

export const BREACHES = {
  /** §5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values." */
  'reserved bit 2 or 3': [1002, 'WS_ERR_UNEXPECTED_RSV_2_3'],
  'reserved bit 1': [1002, 'WS_ERR_UNEXPECTED_RSV_1'],
  /** §5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_." */
  'unknown opcode': [1002, 'WS_ERR_INVALID_OPCODE'],
  /** §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented." */
  'fragmented control frame': [1002, 'WS_ERR_EXPECTED_FIN'],
  'long control frame': [1002, 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'],
  /** §5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer". */
  'incomplete close code': [1002, 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'],
  /** §5.1: "The server MUST close the connection upon receiving a frame that is not masked." */
  'frame without mask': [1002, 'WS_ERR_EXPECTED_MASK'],
  /** §5.1: "A client MUST close a connection if it detects a masked frame." */
  'frame with mask': [1002, 'WS_ERR_UNEXPECTED_MASK'],
  /** §5.2: a length has at most 63 bits. §10.4 allows our own limits. */
  'length above the safe integers': [1009, 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'],
  'message too long': [1009, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
  'too many fragments': [1008, 'WS_ERR_TOO_MANY_BUFFERED_PARTS'],
  /** §5.4: the fragments of one message must not be interleaved with those of another, and a continuation needs a first fragment. */
  'fragment out of order': [1002, 'WS_ERR_INVALID_OPCODE'],
  /** §8.1, §5.5.1. */
  'invalid UTF-8': [1007, 'WS_ERR_INVALID_UTF8'],
  /** §7.4. */
  'invalid close code': [1002, 'WS_ERR_INVALID_CLOSE_CODE'],
  /** RFC 7692 §7.2.2. */
  'invalid DEFLATE stream': [1007, 'Z_DATA_ERROR'],
} as const;

/** The name of a broken rule. */
export type Breach = keyof typeof BREACHES;
