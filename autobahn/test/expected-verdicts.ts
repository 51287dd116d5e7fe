/**
 * The verdicts of release 25.10.1 of the original suite on each peer of wrong-peer.ts, as observed. A row has the cases of each verdict
 * other than OK.
 */

import { casesOf } from './support.ts';
import type { Verdicts } from './support.ts';
import type { Fault } from './faults.ts';

/** A few cases of most sections, so that some find a fault and others tolerate it. */
export const CASES =
  '1.1.2,2.2,2.5,3.1,3.2,4.1.1,4.1.3,4.2.4,5.9,5.15,6.2.1,6.3.1,6.12.1,7.1.1,7.3.1,7.3.2,7.5.1,7.7.2,7.9.1,9.1.1,9.7.2,9.8.2,12.1.1';

/** Verdicts, each with its cases separated by spaces. */
type Row = Readonly<Record<string, string>>;

/** The faults with the same verdicts for a server and a client. */
const BOTH: readonly (readonly [Fault, Row])[] = [
  ['none', {}],
  ['skips the check of UTF-8', { FAILED: '6.3.1 6.12.1' }],
  ['checks UTF-8 only at the end of a message', {}],
  // The peer answers messages that it should refuse, so the log is wrong.
  ['ignores reserved bits', { FAILED: '3.1 3.2' }],
  // The behaviour of a peer that ignores a bad frame is OK, but the suite has to close, which is the wrong end.
  ['ignores reserved opcodes', { 'OK / FAILED': '4.1.1', FAILED: '4.1.3 4.2.4' }],
  ['ignores continuations without a message', { FAILED: '5.9 5.15' }],
  // Section 9 compares only types and lengths.
  ['changes an octet', { FAILED: '1.1.2 3.2 4.1.3 4.2.4 5.15 6.2.1 7.1.1 12.1.1' }],
  ['echoes twice', { FAILED: '1.1.2 3.2 4.1.3 4.2.4 5.15 6.2.1 7.1.1 12.1.1' }],
  ['sends unsolicited pongs', { FAILED: '1.1.2 3.2 4.1.3 4.2.4 5.15 6.2.1 7.1.1 9.7.2 9.8.2 12.1.1' }],
  ['never answers a ping', { FAILED: '2.2' }],
  ['answers a ping with other octets', { FAILED: '2.2' }],
  ['answers a ping only after the next message', { FAILED: '2.2' }],
  // The payload of the pong is right. The suite then fails the connection, but it may close first in these cases.
  ['fragments its pongs', {}],
  [
    'closes with the wrong code',
    {
      'OK / WRONG CODE':
        '1.1.2 2.2 2.5 3.1 3.2 4.1.1 4.1.3 4.2.4 5.9 5.15 6.2.1 6.3.1 6.12.1 9.1.1 9.7.2 9.8.2 12.1.1',
      'FAILED / WRONG CODE': '7.1.1 7.3.1 7.3.2 7.5.1 7.7.2 7.9.1',
    },
  ],
  [
    'closes with an illegal code',
    {
      'OK / UNCLEAN': '1.1.2 2.2 6.2.1 7.1.1 7.3.1 7.7.2 9.1.1 9.7.2 9.8.2 12.1.1',
      'OK / FAILED': '2.5 3.1 3.2 4.1.1 4.1.3 4.2.4 5.9 5.15',
      FAILED: '6.3.1 6.12.1',
      'FAILED / WRONG CODE': '7.3.2 7.5.1 7.9.1',
    },
  ],
  [
    'closes with a reason that is not UTF-8',
    {
      'OK / UNCLEAN': '1.1.2 2.2 6.2.1 7.1.1 7.3.1 7.7.2 9.1.1 9.7.2 9.8.2 12.1.1',
      'OK / FAILED': '2.5 3.1 3.2 4.1.1 4.1.3 4.2.4 5.9 5.15',
      FAILED: '6.3.1 6.12.1',
      'FAILED / WRONG CODE': '7.3.2 7.5.1 7.9.1',
    },
  ],
  // The original cannot decode such a reason, and TCP ends before it has sent a Close.
  [
    'closes with a reason that ends inside a character',
    {
      'OK / UNCLEAN': '1.1.2 2.2 6.2.1 7.1.1 7.3.1 7.7.2 9.1.1 9.7.2 9.8.2 12.1.1',
      'OK / WRONG CODE': '2.5 3.1 3.2 4.1.1 4.1.3 4.2.4 5.9 5.15 6.3.1 6.12.1',
      'FAILED / WRONG CODE': '7.3.2 7.5.1 7.9.1',
    },
  ],
  ['sends Close twice', {}],
  // The message is logged, because it arrives before the answer to Close. In round trips, it counts even after the last good echo.
  [
    'sends a message before it answers Close',
    { FAILED: '1.1.2 2.2 6.2.1 7.1.1 7.3.1 7.5.1 7.7.2 7.9.1 9.7.2 9.8.2 12.1.1' },
  ],
  // Unless a clean closing is required, dropping TCP is as good as Close.
  [
    'drops TCP instead of Close',
    {
      'OK / UNCLEAN': '1.1.2 2.2 6.2.1 7.1.1 7.3.1 7.7.2 9.1.1 9.7.2 9.8.2 12.1.1',
    },
  ],
  [
    'drops TCP right after an echo',
    { 'OK / UNCLEAN': '1.1.2 6.2.1 7.1.1 9.1.1', FAILED: '9.7.2 9.8.2 12.1.1' },
  ],
  // The invalid octet is the first violation, and the end of that text the second, so the suite drops TCP.
  [
    'sends text that is not UTF-8',
    {
      'FAILED / UNCLEAN': '1.1.2 6.2.1 7.1.1 9.1.1 9.7.2 9.8.2 12.1.1',
      'NON-STRICT / FAILED': '3.2 4.1.3 4.2.4 5.15',
    },
  ],
  // After a single violation, the suite waits for the peer's Close, so the closing is clean.
  ...(
    [
      'sends text that ends inside a character',
      'sends its echo with a reserved opcode',
      'sends its echo as a continuation of nothing',
    ] as const
  ).map((fault): [Fault, Row] => [
    fault,
    {
      FAILED: '1.1.2 6.2.1 7.1.1 9.1.1 9.7.2 9.8.2 12.1.1',
      'NON-STRICT / FAILED': '3.2 4.1.3 4.2.4 5.15',
    },
  ]),
  // In 12.1.1 the echo is compressed, and the fault breaks two rules: RSV is not RSV1, and a message begins twice.
  ...(['sets a reserved bit in its echo', 'starts its echo inside another message'] as const).map(
    (fault): [Fault, Row] => [
      fault,
      {
        FAILED: '1.1.2 6.2.1 7.1.1 9.1.1 9.7.2 9.8.2',
        'FAILED / UNCLEAN': '12.1.1',
        'NON-STRICT / FAILED': '3.2 4.1.3 4.2.4 5.15',
      },
    ],
  ),
  [
    'sends its echo as a continuation of nothing with a reserved bit',
    {
      'FAILED / UNCLEAN': '1.1.2 6.2.1 7.1.1 9.1.1 9.7.2 9.8.2 12.1.1',
      'NON-STRICT / FAILED': '3.2 4.1.3 4.2.4 5.15',
    },
  ],
  // In 9.1.1, that form is the shortest.
  [
    'sends its echo with a length that is not in its shortest form',
    {
      FAILED: '1.1.2 6.2.1 7.1.1 9.7.2 9.8.2 12.1.1',
      'NON-STRICT / FAILED': '3.2 4.1.3 4.2.4 5.15',
    },
  ],
  ['sends data that cannot be inflated', { FAILED: '12.1.1' }],
  // In 9.1.1 a later echo of the right length still counts.
  ['sends a message along with its handshake', { FAILED: casesExcept('9.1.1') }],
];

/** Every frame of a peer that masks wrongly is a violation, and the second one ends the connection. */
const MASKS_WRONGLY: Row = {
  'FAILED / UNCLEAN': '1.1.2 6.2.1 7.1.1 9.1.1 9.7.2 9.8.2 12.1.1',
  'OK / UNCLEAN': '2.2 7.3.1 7.7.2',
  'OK / FAILED': '2.5 3.1 4.1.1 5.9',
  'NON-STRICT / FAILED': '3.2 4.1.3 4.2.4 5.15',
  FAILED: '6.3.1 6.12.1',
};

const NEVER_ANSWERS_CLOSE: Row = {
  'OK / UNCLEAN': '1.1.2 2.2 6.2.1 7.1.1 7.3.1 7.7.2 9.1.1 9.7.2 9.8.2 12.1.1',
  'OK / FAILED': '2.5 3.1 3.2 4.1.1 4.1.3 4.2.4 5.9 5.15',
  FAILED: '6.3.1 6.12.1',
};

/** A kill timer of a second or less ends TCP before the time limit for the drop, so in those cases the closing stays clean. */
const STAYS_CONNECTED: Row = {
  'OK / FAILED BY CLIENT':
    '1.1.2 2.5 3.1 3.2 4.1.1 4.1.3 4.2.4 5.9 5.15 6.3.1 6.12.1 7.1.1 7.3.1 7.3.2 7.5.1 7.7.2 7.9.1',
  'OK / UNCLEAN': '2.2 6.2.1 9.1.1 9.7.2 9.8.2 12.1.1',
};

const SERVERS: readonly (readonly [Fault, Row])[] = [
  ['never drops TCP', STAYS_CONNECTED],
  ['drops TCP late', STAYS_CONNECTED],
  // A server must drop TCP itself, so the suite's drop counts against it if no clean closing is required.
  ['never answers Close', { ...NEVER_ANSWERS_CLOSE, 'OK / FAILED BY CLIENT': '7.3.2 7.5.1 7.9.1' }],
  [
    'masks when it must not, or does not mask when it must',
    { ...MASKS_WRONGLY, 'OK / FAILED BY CLIENT': '7.3.2 7.5.1 7.9.1' },
  ],
  ['sends a pong after its Close', { FAILED: casesExcept('9.1.1 9.7.2 9.8.2 12.1.1') }],
  ['sends a message after its Close', { FAILED: casesExcept('9.1.1') }],
  ['selects a subprotocol that was not requested', { FAILED: casesExcept() }],
  ['refuses the handshake', { FAILED: casesExcept() }],
  [
    'sends Close along with its handshake',
    { 'OK / FAILED': '1.1.2 2.2 6.2.1 7.1.1 9.1.1', FAILED: '9.7.2 9.8.2 12.1.1' },
  ],
];

const CLIENTS: readonly (readonly [Fault, Row])[] = [
  ['never answers Close', NEVER_ANSWERS_CLOSE],
  ['masks when it must not, or does not mask when it must', MASKS_WRONGLY],
  [
    'sends Close along with its handshake',
    {
      FAILED: '1.1.2 2.2 6.2.1 7.1.1 9.1.1 9.7.2 9.8.2 12.1.1',
      'OK / WRONG CODE': '2.5 3.1 4.1.1 5.9 6.3.1 6.12.1',
      'NON-STRICT / WRONG CODE': '3.2 4.1.3 4.2.4 5.15',
      'FAILED / WRONG CODE': '7.3.2 7.5.1 7.9.1',
    },
  ],
  // As a server, the suite drops TCP immediately after the closing handshake, and reads nothing more.
  ['sends a pong after its Close', {}],
  ['sends a message after its Close', {}],
  // The original keeps no record of a request that is not an opening handshake. This suite records a failed case.
  ['refuses the handshake', { FAILED: casesExcept() }],
];

export const SERVER_VERDICTS = [...BOTH, ...SERVERS].map(readable);
export const CLIENT_VERDICTS = [...BOTH, ...CLIENTS].map(readable);

function casesExcept(excluded = ''): string {
  const left = excluded.split(' ');
  return casesOf(CASES)
    .map(({ id }) => id)
    .filter((id) => !left.includes(id))
    .join(' ');
}

function readable([fault, row]: readonly [Fault, Row]): [Fault, Verdicts] {
  const verdicts: Verdicts = {};
  for (const [verdict, ids] of Object.entries(row)) {
    for (const id of ids.split(' ')) verdicts[id] = verdict;
  }
  return [fault, verdicts];
}
