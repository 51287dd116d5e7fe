// Runs a block of tests for every pairing over every transport.
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { Meeting } from '../src/meeting.ts';
import { pairings, peers, type Pairing, type Peer } from '../src/pairings.ts';
import { memory, tcp, transports, type Transport } from '../src/transports.ts';

/** Every pairing over every transport. */
export function eachPairingAndTransport(block: (meeting: Meeting) => void): void {
  for (const pairing of pairings) {
    for (const transport of transports) describeMeeting(pairing, transport, block);
  }
}

/** Every pairing over TCP, for rules that do not depend on the transport. */
export function eachPairing(block: (meeting: Meeting) => void): void {
  for (const pairing of pairings) describeMeeting(pairing, tcp, block);
}

/** Every implementation with itself over every transport: for tests in which one side is raw bytes. */
export function eachPeerAndTransport(block: (meeting: Meeting) => void): void {
  for (const peer of peers) eachTransport(peer, block);
}

/** One implementation with itself, over every transport or the given ones. */
export function eachTransport(
  peer: Peer,
  block: (meeting: Meeting) => void,
  over: readonly Transport[] = transports,
): void {
  const alone: Pairing = { name: peer.name, server: peer, client: peer };
  for (const transport of over) describeMeeting(alone, transport, block);
}

/** The transports for a profile. Compression does not depend on the transport, so two are enough: one with a socket, one without. */
export function transportsFor(perMessageDeflate: unknown): readonly Transport[] {
  return perMessageDeflate === false ? transports : [tcp, memory];
}

function describeMeeting(pairing: Pairing, transport: Transport, block: (meeting: Meeting) => void): void {
  describe(`${pairing.name} over ${transport.name}`, () => {
    const meeting = new Meeting(pairing, transport);
    beforeAll(() => meeting.open());
    afterEach(() => meeting.endTest());
    afterAll(() => meeting.close());
    block(meeting);
  });
}
