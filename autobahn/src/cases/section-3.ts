/** Section 3: reserved bits. No extension was negotiated, so each of them fails the connection. */

import { logCases } from './table.ts';

const late = { nonStrict: '(none)' };

// One case a row, as in a table.
// prettier-ignore
export const section3 = logCases({ end: 'P 1002', timer: 'kill 1' }, [
  ['3.1', 'A text message with RSV3 set.', '1.1 r1 HW', '(none)'],
  ['3.2', 'A good message, one with RSV2 set, a ping.', '1.1 HW; 1.1 r2 HW; 9.1 ∅', 'text HW', late],
  ['3.3', 'A good message, one with RSV2 and RSV3 set, a ping, each in a write of its own.', '1.1 HW; 1.1 r3 HW; 9.1 ∅', 'text HW', { ...late, write: 'sync' }],
  ['3.4', 'A good message, one with RSV1 set, a ping, written octet by octet.', '1.1 HW; 1.1 r4 HW; 9.1 ∅', 'text HW', { ...late, write: 'chop 1' }],
  ['3.5', 'A binary message with RSV1 and RSV3 set.', '2.1 r5 B8', '(none)'],
  ['3.6', 'A binary message with RSV1 and RSV2 set.', '2.1 r6 HW', '(none)'],
  ['3.7', 'A Close frame with all reserved bits set.', '8.1 r7 ∅', '(none)'],
]);
