/** Section 1: framing. Whole messages of every form of the length come back. */

import { logCases } from './table.ts';

// One case a row, as in a table.
// prettier-ignore
export const section1 = logCases({ end: 'F 1000 clean', timer: 'kill 1' }, [
  ['1.1.1', 'A text message without payload.', '1.1 ∅', 'text ∅'],
  ['1.1.2', 'A text message of 125 octets, the longest of the 7-bit form.', '1.1 2a×125', 'text 2a×125'],
  ['1.1.3', 'A text message of 126 octets, the shortest of the 16-bit form.', '1.1 2a×126', 'text 2a×126'],
  ['1.1.4', 'A text message of 127 octets.', '1.1 2a×127', 'text 2a×127'],
  ['1.1.5', 'A text message of 128 octets.', '1.1 2a×128', 'text 2a×128'],
  ['1.1.6', 'A text message of 65535 octets, the longest of the 16-bit form.', '1.1 2a×65535', 'text 2a×65535', { timer: 'kill 10' }],
  ['1.1.7', 'A text message of 65536 octets, the shortest of the 64-bit form.', '1.1 2a×65536', 'text 2a×65536', { timer: 'kill 10' }],
  ['1.1.8', 'A text message of 65536 octets, written 997 octets at a time.', '1.1 2a×65536', 'text 2a×65536', { timer: 'kill 10', write: 'chop 997' }],
  ['1.2.1', 'A binary message without payload.', '2.1 ∅', 'bin ∅'],
  ['1.2.2', 'A binary message of 125 octets, the longest of the 7-bit form.', '2.1 fe×125', 'bin fe×125'],
  ['1.2.3', 'A binary message of 126 octets, the shortest of the 16-bit form.', '2.1 fe×126', 'bin fe×126'],
  ['1.2.4', 'A binary message of 127 octets.', '2.1 fe×127', 'bin fe×127'],
  ['1.2.5', 'A binary message of 128 octets.', '2.1 fe×128', 'bin fe×128'],
  ['1.2.6', 'A binary message of 65535 octets, the longest of the 16-bit form.', '2.1 fe×65535', 'bin fe×65535', { timer: 'kill 10' }],
  ['1.2.7', 'A binary message of 65536 octets, the shortest of the 64-bit form.', '2.1 fe×65536', 'bin fe×65536', { timer: 'kill 10' }],
  ['1.2.8', 'A binary message of 65536 octets, written 997 octets at a time.', '2.1 fe×65536', 'bin fe×65536', { timer: 'kill 10', write: 'chop 997' }],
]);
