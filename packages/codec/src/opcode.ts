// The opcodes of RFC 6455 §5.2.

/** The opcodes of §5.2 and §11.8. All other values (3 to 7, 0xb to 0xf) are reserved. */
export const Opcode = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;

/** One of the opcodes that §5.2 defines. */
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** The opcodes that start a data message (§5.6). */
export type DataOpcode = typeof Opcode.TEXT | typeof Opcode.BINARY;

/** Whether an opcode, reserved or not, is that of a control frame: its highest bit is set (§5.5). */
export function isControl(opcode: number): boolean {
  return (opcode & 0x8) !== 0;
}

/** Whether an opcode is one that §5.2 defines. */
export function isOpcode(opcode: number): opcode is Opcode {
  return isControl(opcode) ? opcode <= Opcode.PONG : opcode <= Opcode.BINARY;
}
