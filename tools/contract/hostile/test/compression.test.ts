// Messages that inflate to more than the limit, and invalid offers.
import { describe, expect, test } from 'vitest';
import { upgradeRequest } from '../../src/raw.ts';
import { bomb, MiB } from '../src/frames.ts';
import { underAttack } from './support.ts';

const setting = underAttack();

const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate';

/** How much the peak of memory may grow before the inflater is stopped, in bytes. */
const MAX_GROWTH = 48 * MiB;

describe('a deflate bomb of 1 GiB', () => {
  const gibibyte = bomb(1024);

  test('is stopped at maxPayload with 1009, and the rest is never inflated', async () => {
    const attacker = await setting.victim.upgrade('/deflate', OFFER);
    attacker.sayFrame({ opcode: 0x2, rsv1: true, payload: gibibyte.subarray(0, MiB) });
    expect(await attacker.refusedWith()).toBe(1009);
    expect((await setting.victim.growth()).peak).toBeLessThan(MAX_GROWTH);
    expect(await setting.victim.endings('/deflate', 1)).toEqual(['1006 WS_ERR_UNSUPPORTED_MESSAGE_LENGTH']);
  });

  test('that is longer than maxPayload before it inflates is refused by its header', async () => {
    const attacker = await setting.victim.upgrade('/deflate', OFFER);
    attacker.sayFrame({ opcode: 0x2, rsv1: true, length: MiB + 1 });
    expect(await attacker.refusedWith()).toBe(1009);
  });

  test('in small fragments is also stopped at maxPayload', async () => {
    const attacker = await setting.victim.upgrade('/deflate', OFFER);
    const payload = gibibyte.subarray(0, MiB / 2);
    for (let start = 0; start < payload.length; start += 1000) {
      attacker.sayFrame({
        opcode: start === 0 ? 0x2 : 0x0,
        rsv1: start === 0,
        fin: start + 1000 >= payload.length,
        payload: payload.subarray(start, start + 1000),
      });
    }
    expect(await attacker.refusedWith()).toBe(1009);
    expect((await setting.victim.growth()).peak).toBeLessThan(MAX_GROWTH);
  });

  test('that many clients send at the same time does not stop the service for others', async () => {
    const attackers = [];
    for (let count = 0; count < 20; count++) attackers.push(await setting.victim.upgrade('/deflate', OFFER));
    const payload = gibibyte.subarray(0, MiB / 4);
    for (const attacker of attackers) attacker.sayFrame({ opcode: 0x2, rsv1: true, payload });
    await setting.victim.serves();
    for (const attacker of attackers) expect(await attacker.refusedWith()).toBe(1009);
    expect((await setting.victim.growth()).held).toBeLessThan(16 * MiB);
  });

  test('up to the limit is accepted', async () => {
    const attacker = await setting.victim.upgrade('/deflate', OFFER);
    attacker.sayFrame({ opcode: 0x2, rsv1: true, payload: bomb(1) });
    expect((await attacker.hearFrame()).opcode).toBe(0x2);
  });
});

describe('an invalid offer is refused with 400:', () => {
  test.each([
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=99',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=16',
    'permessage-deflate; client_max_window_bits=1e1',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits="10"; server_max_window_bits=10',
    'permessage-deflate; constructor=1',
    'permessage-deflate; __proto__',
  ])('%s', async (offer) => {
    const attacker = await setting.victim.connect();
    attacker.sayText(upgradeRequest('/deflate', `Sec-WebSocket-Extensions: ${offer}`));
    expect(await attacker.hearHead()).toMatch(/^HTTP\/1\.1 400 /);
    await attacker.hearRest();
    await setting.victim.attackersAreGone();
  });
});

test('compressed garbage is refused with 1007', async () => {
  const attacker = await setting.victim.upgrade('/deflate', OFFER);
  attacker.sayFrame({ opcode: 0x2, rsv1: true, payload: Buffer.alloc(1000, 0xff) });
  expect(await attacker.refusedWith()).toBe(1007);
});
