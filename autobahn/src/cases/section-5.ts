/** Section 5: fragmentation. Fragments form a message. Only control frames may come between them. */

import { logCases } from './table.ts';

const refused = { end: 'P 1002', timer: 'kill 1' };
const sync = { write: 'sync' };
const octetwise = { write: 'chop 1' };
const twoFragments = '1.0 F1; 0.1 F2';
const pingBetween = '1.0 F1; 9.1 PP; 0.1 F2';
const fivePingedFragments =
  '1.0 F1; 0.0 F2; 9.1 `pongme 1!`; wait 1; 0.0 F3; 0.0 F4; 9.1 `pongme 2!`; 0.1 F5';
const fivePongedFragments = 'pong `pongme 1!`; pong `pongme 2!`; text F1F2F3F4F5';

// One case a row, as in a table.
// prettier-ignore
export const section5 = logCases({ end: 'F 1000 clean', timer: 'end 1' }, [
  ['5.1', 'A ping in two fragments.', '9.0 F1; 0.1 F2', '(none)', refused],
  ['5.2', 'A pong in two fragments.', '10.0 F1; 0.1 F2', '(none)', refused],
  ['5.3', 'A text message in two fragments.', twoFragments, 'text F1F2'],
  ['5.4', 'A text message in two fragments, each in a write of its own.', twoFragments, 'text F1F2', sync],
  ['5.5', 'A text message in two fragments, written octet by octet.', twoFragments, 'text F1F2', octetwise],
  ['5.6', 'A ping between two fragments.', pingBetween, 'pong PP; text F1F2'],
  ['5.7', 'A ping between two fragments, each in a write of its own.', pingBetween, 'pong PP; text F1F2', sync],
  ['5.8', 'A ping between two fragments, written octet by octet.', pingBetween, 'pong PP; text F1F2', octetwise],
  ['5.9', 'A last continuation with nothing to continue, then a good message.', '0.1 NP; 1.1 HW', '(none)', refused],
  ['5.10', 'As 5.9, each frame in a write of its own.', '0.1 NP; 1.1 HW', '(none)', { ...refused, ...sync }],
  ['5.11', 'As 5.9, written octet by octet.', '0.1 NP; 1.1 HW', '(none)', { ...refused, ...octetwise }],
  ['5.12', 'A continuation with nothing to continue, then a good message.', '0.0 NP; 1.1 HW', '(none)', refused],
  ['5.13', 'As 5.12, each frame in a write of its own.', '0.0 NP; 1.1 HW', '(none)', { ...refused, ...sync }],
  ['5.14', 'As 5.12, written octet by octet.', '0.0 NP; 1.1 HW', '(none)', { ...refused, ...octetwise }],
  ['5.15', 'A good message, a continuation with nothing to continue, another message.', '1.0 F1; 0.1 F2; 0.0 F3; 1.1 F4', 'text F1F2', { ...refused, nonStrict: '(none)' }],
  ['5.16', 'Twice: a continuation with nothing to continue, then a message in two fragments.', '0.0 F1; 1.0 F2; 0.1 F3; 0.0 F1; 1.0 F2; 0.1 F3', '(none)', refused],
  ['5.17', 'Twice: a last continuation with nothing to continue, then a message in two fragments.', '0.1 F1; 1.0 F2; 0.1 F3; 0.1 F1; 1.0 F2; 0.1 F3', '(none)', refused],
  ['5.18', 'A message that begins inside another one.', '1.0 F1; 1.1 F2', '(none)', refused],
  ['5.19', 'Five fragments with two pings between them and a pause of a second.', fivePingedFragments, fivePongedFragments],
  ['5.20', 'As 5.19, each frame in a write of its own.', fivePingedFragments, fivePongedFragments, sync],
]);
