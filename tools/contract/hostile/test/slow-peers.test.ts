// Peers that do not read, do not answer, or do not disconnect.
import { describe, expect, test } from 'vitest';
import { upgradeRequest } from '../../src/raw.ts';
import { STEADY } from '../src/endpoints.ts';
import { MiB } from '../src/frames.ts';
import { underAttack } from './support.ts';

const setting = underAttack();

describe('a peer that never reads', () => {
  test('is disconnected when more than maxBufferedAmount waits for it, so memory is bounded', async () => {
    const attackers = [];
    for (let count = 0; count < 10; count++) {
      const attacker = await setting.victim.upgrade('/flood');
      attacker.socket.pause();
      attackers.push(attacker);
    }
    const endings = await setting.victim.endings('/flood', attackers.length);
    expect(endings).toEqual(attackers.map(() => '1006 WS_ERR_BUFFERED_AMOUNT_EXCEEDED'));
    // For each peer, 1 MiB may wait, plus what the server sends in one turn.
    expect((await setting.victim.growth()).peak).toBeLessThan(attackers.length * 8 * MiB);
    expect((await setting.victim.growth()).held).toBeLessThan(4 * MiB);
  });

  test('is not disconnected if it starts to read slowly, and receives everything', async () => {
    const slow = await setting.victim.upgrade('/steady');
    slow.pause();
    // Read nothing until the sockets are full and the server has had to wait.
    await setting.victim.waits();
    for (let number = 0; number < STEADY.messages; number++) {
      slow.resume();
      const { payload } = await slow.hearFrame();
      slow.pause();
      expect([payload.length, payload.readUInt32BE()]).toEqual([STEADY.length, number]);
    }
    slow.resume();
    expect(await slow.refusedWith()).toBe(1000);
    expect(await setting.victim.waits()).toBeGreaterThan(1);
    expect((await setting.victim.growth()).held).toBeLessThan(4 * MiB);
  });

  test('does not keep a refused connection, even if unread pages wait before the refusal', async () => {
    const attacker = await setting.victim.connect();
    attacker.socket.pause();
    const pages = 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20);
    attacker.sayText(pages + upgradeRequest('/late'));
    // The attacker does not read, so it notices the end of the connection only when it writes.
    const gone = new Promise((resolve) => attacker.socket.once('close', resolve));
    const write = (): void => {
      if (!attacker.socket.destroyed) attacker.socket.write('x', () => setImmediate(write));
    };
    write();
    await gone;
    expect((await setting.victim.growth()).held).toBeLessThan(4 * MiB);
  });
});

describe('a closing handshake that is never finished', () => {
  test.each([
    { title: 'the close frame is not answered', ends: false },
    { title: 'only TCP is ended', ends: true },
  ])('ends after closeTimeout, on many connections at the same time: $title', async ({ ends }) => {
    const attackers = [];
    for (let count = 0; count < 50; count++) attackers.push(await setting.victim.upgrade('/closing'));
    for (const attacker of attackers) {
      expect((await attacker.hearFrame()).opcode).toBe(0x8);
      if (ends) attacker.end();
    }
    await Promise.all(attackers.map((attacker) => attacker.hearRest()));
    expect(await setting.victim.endings('/closing', 50)).toEqual(attackers.map(() => '1006'));
    await setting.victim.attackersAreGone();
  });

  test('ends after closeTimeout, even if the peer keeps sending messages', async () => {
    const attacker = await setting.victim.upgrade('/closing');
    let isOver = false;
    const rest = attacker.hearRest().then(() => (isOver = true));
    while (!isOver) {
      attacker.sayFrame({ opcode: 0x1, payload: 'and another thing' });
      await new Promise(setImmediate);
    }
    await rest;
    expect(await setting.victim.endings('/closing', 1)).toEqual(['1006']);
  });
});

describe('a handshake that is never finished', () => {
  test('because verifyClient never answers is refused with 503', async () => {
    const attackers = [];
    for (let count = 0; count < 50; count++) {
      const attacker = await setting.victim.connect();
      attacker.sayText(upgradeRequest('/undecided'));
      attackers.push(attacker);
    }
    await setting.victim.serves();
    for (const attacker of attackers) {
      expect(await attacker.hearHead()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n/);
      await attacker.hearRest();
    }
    await setting.victim.attackersAreGone();
  });

  test.each([
    { title: 'nothing', sent: '' },
    { title: 'a part of a head', sent: upgradeRequest().slice(0, -20) },
    { title: 'a head without its end', sent: upgradeRequest().slice(0, -1) },
  ])('because the client sends $title is refused with 408', async ({ sent }) => {
    const attacker = await setting.victim.connect(setting.victim.ports.hasty);
    attacker.sayText(sent);
    await setting.victim.serves();
    expect(await attacker.hearHead()).toMatch(/^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/);
    await attacker.hearRest();
    await setting.victim.attackersAreGone();
  });

  test('because its head arrives slowly, a byte at a time, is refused with 408', async () => {
    const attacker = await setting.victim.connect(setting.victim.ports.hasty);
    let isOver = false;
    const head = attacker.hearHead().finally(() => (isOver = true));
    attacker.sayText('GET / HTTP/1.1\r\nX-Endless: ');
    while (!isOver) {
      attacker.sayText('x');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await head).toMatch(/^HTTP\/1\.1 408 /);
  });
});
