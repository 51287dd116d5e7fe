/** Section 2: pings and pongs. Every ping is answered with its payload, and an unsolicited pong is not. */

import { logCases } from './table.ts';

const tenPings = Array.from({ length: 10 }, (_, i) => `9.1 \`payload-${i}\``).join('; ');
const tenPongs = Array.from({ length: 10 }, (_, i) => `pong \`payload-${i}\``).join('; ');

// One case a row, as in a table.
// prettier-ignore
export const section2 = logCases({ end: 'F 1000 clean', timer: 'end 1' }, [
  ['2.1', 'A ping without payload.', '9.1 ∅', 'pong ∅'],
  ['2.2', 'A ping with text in it.', '9.1 HW', 'pong HW'],
  ['2.3', 'A ping with octets that are not UTF-8.', '9.1 B8', 'pong B8'],
  ['2.4', 'A ping of 125 octets, the most that a control frame may have.', '9.1 fe×125', 'pong fe×125'],
  ['2.5', 'A ping of 126 octets, which is too long.', '9.1 fe×126', '(none)', { end: 'P 1002', timer: 'kill 1' }],
  ['2.6', 'A ping of 125 octets, written octet by octet.', '9.1 fe×125', 'pong fe×125', { write: 'chop 1', timer: 'end 2' }],
  ['2.7', 'An unsolicited pong without payload, then Close.', '10.1 ∅; close(1000)', '(none)'],
  ['2.8', 'An unsolicited pong with payload, then Close.', '10.1 UP; close(1000)', '(none)'],
  ['2.9', 'An unsolicited pong, then a ping.', '10.1 UP; 9.1 PP', 'pong PP'],
  ['2.10', 'Ten pings in a row.', tenPings, tenPongs, { timer: 'end 3' }],
  ['2.11', 'Ten pings, written octet by octet.', tenPings, tenPongs, { timer: 'end 3', write: 'chop 1' }],
]);
