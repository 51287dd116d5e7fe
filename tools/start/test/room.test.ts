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

  deliver(json: string): void {
    this.messages.push(JSON.parse(json) as ServerMessage);
  }

  get name(): string | undefined {
    return this.messages.findLast((event) => event.type === 'welcome')?.name;
  }
}

function enter(room: Room, count: number): Guest[] {
  return Array.from({ length: count }, (_, index) => {
    const guest = new Guest(index + 1);
    room.enter(guest);
    return guest;
  });
}

describe('The room', () => {
  it('sends each line to every viewer, including the speaker', () => {
    const room = new Room('run', () => 1000);
    const [ada, reader] = enter(room, 2) as [Guest, Guest];
    room.join(ada, 'Ada');
    room.say(ada, 'hello');
    const line = { id: 2, at: 1000, kind: 'said', from: 1, name: 'Ada', text: 'hello' };
    expect(ada.messages.at(-1)).toEqual({ type: 'line', line });
    expect(reader.messages.at(-1)).toEqual({ type: 'line', line });
  });

  it('counts people, but not visitors who only read', () => {
    const room = new Room('run');
    const [ada, , linus] = enter(room, 3) as [Guest, Guest, Guest];
    room.join(ada, 'Ada');
    room.join(linus, 'Linus');
    expect(ada.messages.at(-1)).toEqual({ type: 'people', count: 2, names: ['Ada', 'Linus'] });
    room.exit(ada);
    expect(room.people).toBe(1);
    expect(linus.messages.slice(-2)).toMatchObject([
      { type: 'line', line: { kind: 'left', name: 'Ada' } },
      { type: 'people', count: 1, names: ['Linus'] },
    ]);
  });

  it('gives a taken name a number, whatever its case, within the longest name', () => {
    const room = new Room('run');
    const guests = enter(room, 4) as [Guest, Guest, Guest, Guest];
    room.join(guests[0], 'Ada');
    room.join(guests[1], 'ADA');
    room.join(guests[2], 'a'.repeat(LIMITS.name));
    room.join(guests[3], 'a'.repeat(LIMITS.name));
    expect(guests.map((guest) => guest.name)).toEqual([
      'Ada',
      'ADA 2',
      'a'.repeat(LIMITS.name),
      `${'a'.repeat(LIMITS.name - 2)} 2`,
    ]);
  });

  it('never cuts a character in two to make room for the number', () => {
    const room = new Room('run');
    const guests = enter(room, 2) as [Guest, Guest];
    const name = '👋'.repeat(LIMITS.name / 2);
    for (const guest of guests) room.join(guest, name);
    expect(guests[1].name).toBe(`${'👋'.repeat(LIMITS.name / 2 - 1)} 2`);
  });

  it('ignores visitors until they join, and a second join of the same visitor', () => {
    const room = new Room('run');
    const [ada] = enter(room, 1) as [Guest];
    room.say(ada, 'anyone?');
    room.leave(ada);
    expect(ada.messages).toHaveLength(1);
    room.join(ada, 'Ada');
    room.join(ada, 'Grace');
    expect(room.people).toBe(1);
    expect(ada.name).toBe('Ada');
  });

  it('sends the latest lines to a newcomer, up to the limit', () => {
    const room = new Room('run');
    const [ada] = enter(room, 1) as [Guest];
    room.join(ada, 'Ada');
    for (let index = 0; index < LIMITS.recent + 10; index++) room.say(ada, `line ${index}`);
    const newcomer = new Guest(9);
    room.enter(newcomer);
    const [hello] = newcomer.messages;
    if (hello?.type !== 'hello') throw new Error('no hello');
    expect(hello.recent).toHaveLength(LIMITS.recent);
    expect(hello.recent.at(-1)?.text).toBe(`line ${LIMITS.recent + 9}`);
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
