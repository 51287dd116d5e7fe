/** Section 10: fragmentation by the sending end. How the peer fragments its echo does not matter. */

import { logCases } from './table.ts';

export const section10 = logCases({ end: 'F 1000 clean', timer: 'kill 10' }, [
  [
    '10.1.1',
    'A text message of 65536 octets in fragments of 1300.',
    'message text 2a×65536 by 1300',
    'text 2a×65536',
    // 50 continuations of 1300 octets or less, after the first frame.
    { mustSend: { 1: 1, 0: 50 } },
  ],
]);
