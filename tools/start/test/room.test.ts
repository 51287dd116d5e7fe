/** The room's rules, without a socket. */

import { describe, expect, it } from 'vitest';
import { LIMITS } from '../src/protocol.ts';
import { RateLimit } from '../src/rate-limit.ts';
import { Room } from '../src/room.ts';
import type { ServerMessage } from '../src/protocol.ts';
import type { Visitor } from '../src/room.ts';

class Guest implements Visitor {
  readonly number: number;
  readonly messages: ServerMessage[] = [];

  constructor(number: number) {
    this.number = number;
  }

  send(event: ServerMessage): void {
    this.messages.push(event);
  }

  get name(): string | undefined {
    return this.messages.findLast((event) => event.type === 'welcome')?.name;
  }
}

/** A room that some visitors have open. They get what the room publishes. */
function open(count: number, now?: () => number): { room: Room; guests: Guest[] } {
  const guests = Array.from({ length: count }, (_, index) => new Guest(index + 1));
  const room = new Room('kitchen', (event) => guests.forEach((guest) => guest.send(event)), now);
  return { room, guests };
}

describe('The room', () => {
  it('publishes each line', () => {
    const { room, guests } = open(1, () => 1000);
    const [ada] = guests as [Guest];
    room.join(ada, 'Ada');
    room.say(ada, 'hello');
    const line = { id: 2, at: 1000, kind: 'said', from: 1, name: 'Ada', text: 'hello' };
    expect(ada.messages.at(-1)).toEqual({ type: 'line', line });
  });

  it('counts people, but not visitors who only read', () => {
    const { room, guests } = open(3);
    const [ada, , linus] = guests as [Guest, Guest, Guest];
    room.join(ada, 'Ada');
    room.join(linus, 'Linus');
    expect(ada.messages.at(-1)).toEqual({ type: 'people', count: 2, names: ['Ada', 'Linus'] });
    room.leave(ada);
    expect(room.people).toBe(1);
    expect(linus.messages.slice(-2)).toMatchObject([
      { type: 'line', line: { kind: 'left', name: 'Ada' } },
      { type: 'people', count: 1, names: ['Linus'] },
    ]);
  });

  it('gives a taken name a number, whatever its case, within the longest name', () => {
    const { room, guests } = open(4);
    const wanted = ['Ada', 'ADA', 'a'.repeat(LIMITS.name), 'a'.repeat(LIMITS.name)];
    guests.forEach((guest, index) => room.join(guest, wanted[index]!));
    expect(guests.map((guest) => guest.name)).toEqual([
      'Ada',
      'ADA 2',
      'a'.repeat(LIMITS.name),
      `${'a'.repeat(LIMITS.name - 2)} 2`,
    ]);
  });

  it('never cuts a character in two to make room for the number', () => {
    const { room, guests } = open(2);
    const name = '👋'.repeat(LIMITS.name / 2);
    for (const guest of guests) room.join(guest, name);
    expect(guests[1]?.name).toBe(`${'👋'.repeat(LIMITS.name / 2 - 1)} 2`);
  });

  it('ignores what visitors say before they join, and a second join of the same visitor', () => {
    const { room, guests } = open(1);
    const [ada] = guests as [Guest];
    room.say(ada, 'anyone?');
    room.leave(ada);
    expect(ada.messages).toEqual([]);
    room.join(ada, 'Ada');
    room.join(ada, 'Grace');
    expect(room.people).toBe(1);
    expect(ada.name).toBe('Ada');
  });

  it('keeps the latest lines for a newcomer, up to the limit', () => {
    const { room, guests } = open(1);
    const [ada] = guests as [Guest];
    room.join(ada, 'Ada');
    for (let index = 0; index < LIMITS.recent + 10; index++) room.say(ada, `line ${index}`);
    const { recent } = room.state;
    expect(recent).toHaveLength(LIMITS.recent);
    expect(recent.at(-1)?.text).toBe(`line ${LIMITS.recent + 9}`);
  });
});

describe('A rate limit', () => {
  it('allows a burst, then the tokens that time adds, and never saves more than a burst', () => {
    let now = 0;
    const limit = new RateLimit({ burst: 2, perSecond: 1, now: () => now });
    const take = () => limit.take();
    expect([take(), take(), take()]).toEqual([true, true, false]);
    now = 999;
    expect(take()).toBe(false);
    now = 1000;
    expect([take(), take()]).toEqual([true, false]);
    now = 3_600_000;
    expect([take(), take(), take()]).toEqual([true, true, false]);
  });
});
