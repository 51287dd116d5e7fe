// The opcodes of RFC 6455 §5.2.
import { expect, test } from 'vitest';
import { isControl, isOpcode, Opcode } from '@framewire/codec';

const all = Array.from({ length: 16 }, (_, i) => i);

test('the opcodes are those of §5.2; 3 to 7 and 0xb to 0xf are reserved', () => {
  expect(Opcode).toEqual({ CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 });
  expect(all.filter((opcode) => isOpcode(opcode))).toEqual([0, 1, 2, 8, 9, 10]);
});

test('an opcode, including reserved ones, is that of a control frame if its highest bit is set (§5.5)', () => {
  expect(all.filter((opcode) => isControl(opcode))).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
});
