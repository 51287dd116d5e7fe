/** Section 7: closing. The handshake at the end of a connection, and the codes and reasons in it. */

import { logCases } from './table.ts';
import type { LogRow } from './table.ts';

const informational = { informational: true } as const;
const protocolError = { end: 'F 1002 +' };

/** The codes that may be sent (§7.4); the peer may echo them or answer 1000. */
const LEGAL_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
/** The codes that must not be sent. */
const ILLEGAL_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];

const legal: LogRow[] = LEGAL_CODES.map((code, i) => [
  `7.7.${i + 1}`,
  `Close with the legal code ${code}.`,
  `close(${code})`,
  '(none)',
  { end: `F ${code === 1000 ? '1000' : `1000,${code}`} clean +` },
]);

const illegal: LogRow[] = ILLEGAL_CODES.map((code, i) => [
  `7.9.${i + 1}`,
  `Close with the illegal code ${code}.`,
  `close(${code})`,
  '(none)',
  protocolError,
]);

// One case a row, as in a table.
// prettier-ignore
export const section7 = logCases({ end: 'F 1000 clean +', timer: 'kill 1' }, [
  ['7.1.1', 'A message, then Close after its echo.', '1.1 HX', 'text HX'],
  ['7.1.2', 'Close twice.', 'close(1000); 8.1 ∅', '(none)'],
  ['7.1.3', 'Close, then a ping.', 'close(1000); 9.1 ∅', '(none)'],
  ['7.1.4', 'Close, then a message.', 'close(1000); 1.1 HX', '(none)'],
  ['7.1.5', 'Close between two fragments.', '1.0 F1; close(1000); 0.1 F2', '(none)'],
  ['7.1.6', 'A message of 262144 octets, a short one, Close, a ping: does an echo come before the closing?', '1.1 CT~262144; 1.1 HX; close(1000); 9.1 ∅', 'text HX', { ...informational, nonStrict: '(none)', end: 'F 1000 clean' }],
  ['7.3.1', 'Close with an empty body.', 'close()', '(none)'],
  ['7.3.2', 'Close with a body of one octet.', 'close body x61', '(none)', protocolError],
  ['7.3.3', 'Close with a code.', 'close(1000)', '(none)'],
  ['7.3.4', 'Close with a code and a reason.', 'close(1000, HX)', '(none)'],
  ['7.3.5', 'Close with a reason of 123 octets, the longest that is allowed.', 'close(1000, 2a×123)', '(none)'],
  ['7.3.6', 'Close with a reason of 124 octets, which is too long.', 'close(1000, 2a×124)', '(none)', protocolError],
  ['7.5.1', 'Close with a reason that is not UTF-8.', 'close(1000, U2)', '(none)', { end: 'F 1002,1007 +' }],
  ...legal,
  ...illegal,
  ['7.13.1', 'Close with the undefined code 5000.', 'close(5000)', '(none)', { ...informational, end: 'F 1000,5000,1002' }],
  ['7.13.2', 'Close with the undefined code 65535.', 'close(65535)', '(none)', { ...informational, end: 'F 1000,65535,1002' }],
]);
