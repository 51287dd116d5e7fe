/** Section 6: UTF-8. A peer must check text, as early as possible. The single messages of 6.5-6.23 are in section-6-octets.ts. */

import { section6Octets } from './section-6-octets.ts';
import { logCases } from './table.ts';

const refused = { end: 'P 1007 !', timer: 'kill 1' };

/** The message of 6.4 becomes invalid at its 13th octet. It arrives in three parts, one second apart. */
const failFast = { ...refused, nonStrict: 'timeout A; timeout B' };

// One case a row, as in a table.
// prettier-ignore
export const section6 = [
  ...logCases({ end: 'F 1000 clean', timer: 'end 1' }, [
    ['6.1.1', 'A text message without payload.', '1.1 ∅', 'text ∅'],
    ['6.1.2', 'A text message of three empty fragments.', '1.0 ∅; 0.0 ∅; 0.1 ∅', 'text ∅'],
    ['6.1.3', 'A text message of three fragments, of which only the middle one is not empty.', '1.0 ∅; 0.0 MP; 0.1 ∅', 'text MP'],
    ['6.2.1', 'Valid text in one frame.', '1.1 U1', 'text U1'],
    ['6.2.2', 'Valid text in two fragments, cut between two characters.', '1.0 U1a; 0.1 U1b', 'text U1'],
    ['6.2.3', 'Valid text in fragments of one octet.', 'message text U1 by 1', 'text U1'],
    ['6.2.4', 'A Greek word in fragments of one octet.', 'message text G by 1', 'text G'],
    ['6.3.1', 'Text with an encoded surrogate, in one frame.', '1.1 U2', '(none)', refused],
    ['6.3.2', 'Text with an encoded surrogate, in fragments of one octet.', 'message text U2 by 1', '(none)', refused],
    ['6.4.1', 'Text that becomes invalid in the second of three fragments; the peer should not wait for the third.', '1.0 xcebae1bdb9cf83cebcceb5; wait 1 A; 0.0 xf4908080; wait 1 B; 0.1 x656469746564', 'timeout A', failFast],
    ['6.4.2', 'As 6.4.1, with the invalid octet alone in the second fragment.', '1.0 xcebae1bdb9cf83cebcceb5f4; wait 1 A; 0.0 x90; wait 1 B; 0.1 x8080656469746564', 'timeout A', failFast],
    ['6.4.3', 'Text that becomes invalid in the second of three parts of one frame; the peer should not wait for the third.', 'header 1.0 of 21; data xcebae1bdb9cf83cebcceb5; wait 1 A; data xf4908080; wait 1 B; data x656469746564; 0.1 ∅', 'timeout A', failFast],
    ['6.4.4', 'As 6.4.3, with the invalid octet alone in the second part.', 'header 1.0 of 21; data xcebae1bdb9cf83cebcceb5f4; wait 1 A; data x90; wait 1 B; data x8080656469746564; 0.1 ∅', 'timeout A', failFast],
  ]),
  ...section6Octets,
];
