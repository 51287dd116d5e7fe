/** Section 4: opcodes. The reserved ones fail the connection. */

import { logCases } from './table.ts';

const late = { nonStrict: '(none)' };
const chopped = { ...late, write: 'chop 1' };

// One case a row, as in a table.
// prettier-ignore
export const section4 = logCases({ end: 'P 1002', timer: 'kill 1' }, [
  ['4.1.1', 'The reserved data opcode 3, without payload.', '3.1 ∅', '(none)'],
  ['4.1.2', 'The reserved data opcode 4, with payload.', '4.1 RP', '(none)'],
  ['4.1.3', 'A good message, the reserved data opcode 5, a ping.', '1.1 HW; 5.1 ∅; 9.1 ∅', 'text HW', late],
  ['4.1.4', 'A good message, the reserved data opcode 6 with payload, a ping.', '1.1 HW; 6.1 HW; 9.1 ∅', 'text HW', late],
  ['4.1.5', 'A good message, the reserved data opcode 7 with payload, a ping, written octet by octet.', '1.1 HW; 7.1 HW; 9.1 ∅', 'text HW', chopped],
  ['4.2.1', 'The reserved control opcode 11, without payload.', '11.1 ∅', '(none)'],
  ['4.2.2', 'The reserved control opcode 12, with payload.', '12.1 RP', '(none)'],
  ['4.2.3', 'A good message, the reserved control opcode 13, a ping.', '1.1 HW; 13.1 ∅; 9.1 ∅', 'text HW', late],
  ['4.2.4', 'A good message, the reserved control opcode 14 with payload, a ping.', '1.1 HW; 14.1 HW; 9.1 ∅', 'text HW', late],
  ['4.2.5', 'A good message, the reserved control opcode 15 with payload, a ping, written octet by octet.', '1.1 HW; 15.1 HW; 9.1 ∅', 'text HW', chopped],
]);
