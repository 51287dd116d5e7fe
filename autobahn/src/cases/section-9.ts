/** Section 9: limits and performance. Large messages in many forms, and many short ones. */

import { readEnd, readWrite } from '../notation.ts';
import type { Case } from '../case.ts';

const KI = 1024;
const MI = 1024 * KI;
const end = readEnd('F 1000 clean');

interface Kind {
  readonly name: string;
  readonly opcode: number;
  readonly sent: 'text' | 'bin';
}

const text: Kind = { name: 'text', opcode: 1, sent: 'text' };
const binary: Kind = { name: 'binary', opcode: 2, sent: 'bin' };

export const section9: readonly Case[] = [
  ...whole('9.1', text, 'CT', [10, 10, 100, 100, 100, 100]),
  ...whole('9.2', binary, 'CB', [10, 10, 10, 10, 100, 100]),
  ...fragmented('9.3', text, () => '2a'),
  // As in the public suite, the first of these has another octet.
  ...fragmented('9.4', binary, (size) => (size === 64 ? 'fe' : '2a')),
  ...chopped('9.5', text, 'CT'),
  ...chopped('9.6', binary, 'CB'),
  ...roundTrips('9.7', text, 0x2a),
  ...roundTrips('9.8', binary, 0xfe),
];

/** One message in one frame, of growing length. */
function whole(id: string, kind: Kind, pattern: string, seconds: readonly number[]): Case[] {
  return [64 * KI, 256 * KI, MI, 4 * MI, 8 * MI, 16 * MI].map((length, i) => ({
    id: `${id}.${i + 1}`,
    about: `A ${kind.name} message of ${length} octets in one frame.`,
    end,
    conduct: {
      kind: 'large',
      sends: `${kind.opcode}.1 ${pattern}~${length}; end ${seconds[i] ?? 0}`,
      write: 'plain',
      opcode: kind.opcode,
      length,
    },
  }));
}

/** A message of 4 Mi in fragments of growing size. */
function fragmented(id: string, kind: Kind, octet: (size: number) => string): Case[] {
  const length = 4 * MI;
  return [64, 256, KI, 4 * KI, 16 * KI, 64 * KI, 256 * KI, MI, 4 * MI].map((size, i) => ({
    id: `${id}.${i + 1}`,
    about: `A ${kind.name} message of ${length} octets in fragments of ${size}.`,
    end,
    conduct: {
      kind: 'large',
      sends: `message ${kind.sent} ${octet(size)}×${length} by ${size}; end 100`,
      write: 'plain',
      opcode: kind.opcode,
      length,
    },
  }));
}

/** A message of 1 Mi in one frame, written in chunks of growing size. */
function chopped(id: string, kind: Kind, pattern: string): Case[] {
  return [64, 128, 256, 512, 1024, 2048].map((size, i) => ({
    id: `${id}.${i + 1}`,
    about: `A ${kind.name} message of ${MI} octets in one frame, written ${size} octets at a time.`,
    end,
    conduct: {
      kind: 'large',
      sends: `${kind.opcode}.1 ${pattern}~${MI}; end 1000`,
      write: readWrite(`chop ${size}`),
      opcode: kind.opcode,
      length: MI,
    },
  }));
}

/** A thousand messages, each after the echo of the previous one. */
function roundTrips(id: string, kind: Kind, octet: number): Case[] {
  const seconds = [60, 60, 60, 120, 240, 480];
  return [0, 16, 64, 256, 1024, 4096].map((length, i) => ({
    id: `${id}.${i + 1}`,
    about: `A thousand round trips of a ${kind.name} message of ${length} octets.`,
    end,
    conduct: {
      kind: 'round trips',
      opcode: kind.opcode,
      octet,
      length,
      count: 1000,
      seconds: seconds[i] ?? 0,
    },
  }));
}
