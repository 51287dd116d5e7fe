// Frames with false lengths, messages in very many fragments, and endless control frames.
import { describe, expect, test } from 'vitest';
import { frame, MiB, times } from '../src/frames.ts';
import { underAttack } from './support.ts';

const setting = underAttack();

/** How many bytes the process may hold in addition to the message. */
const SMALL = 4 * MiB;

describe('maxPayload', () => {
  test.each([
    { path: '/small', length: MiB + 1 },
    // The default limit.
    { path: '/echo', length: 100 * MiB + 1 },
  ])(
    'is checked in the header: $length bytes at $path are refused before their first byte',
    async ({ path, length }) => {
      const attacker = await setting.victim.upgrade(path);
      attacker.sayFrame({ opcode: 0x2, length });
      expect(await attacker.refusedWith()).toBe(1009);
      expect(await setting.victim.endings(path, 1)).toEqual(['1006 WS_ERR_UNSUPPORTED_MESSAGE_LENGTH']);
    },
  );

  test('no memory is allocated for a length in a header', async () => {
    for (let count = 0; count < 50; count++) {
      const attacker = await setting.victim.upgrade('/echo');
      // The first byte of the payload, because memory is not allocated before that.
      attacker.sayFrame({ opcode: 0x2, length: 100 * MiB, payload: 'x' });
    }
    await setting.victim.serves();
    // Memory that is allocated but never touched counts as held, but not in the peak.
    expect((await setting.victim.growth()).held).toBeLessThan(SMALL);
    expect((await setting.victim.growth()).peak).toBeLessThan(64 * MiB);
  });

  test.each([
    ['2^31', 2n ** 31n, 1009],
    ['2^32', 2n ** 32n, 1009],
    ['2^53 - 1', 2n ** 53n - 1n, 1009],
    ['2^53', 2n ** 53n, 1009],
    ['2^63 - 1', 2n ** 63n - 1n, 1009],
    ['2^63', 2n ** 63n, 1009],
    ['2^63 + 1', 2n ** 63n + 1n, 1009],
    ['2^64 - 1', 2n ** 64n - 1n, 1009],
  ])('a length of %s is refused, whole and a byte at a time', async (_name, length, code) => {
    for (const chunkSize of [14, 1]) {
      const attacker = await setting.victim.upgrade('/echo');
      await attacker.pour(frame({ opcode: 0x2, length }), chunkSize);
      expect(await attacker.refusedWith()).toBe(code);
    }
  });

  test('limits a message, not a frame: fragments that exceed it together are refused at the header of the last', async () => {
    const attacker = await setting.victim.upgrade('/small');
    const half = Buffer.alloc(MiB / 2);
    attacker.sayFrame({ opcode: 0x2, fin: false, payload: half });
    attacker.sayFrame({ opcode: 0x0, fin: false, payload: half });
    attacker.sayFrame({ opcode: 0x0, length: 1 });
    expect(await attacker.refusedWith()).toBe(1009);
  });

  test('is not changed by control frames between the fragments', async () => {
    const ping = frame({ opcode: 0x9, payload: Buffer.alloc(125) });
    const payload = Buffer.alloc(MiB / 8);
    for (const excess of [0, 1]) {
      const attacker = await setting.victim.upgrade('/small');
      attacker.sayFrame({ opcode: 0x2, fin: false, payload });
      for (let count = 1; count < 8; count++) {
        attacker.say(ping);
        attacker.sayFrame({ opcode: 0x0, fin: false, payload });
        await attacker.untilRead();
      }
      attacker.sayFrame({ opcode: 0x0, payload: Buffer.alloc(excess) });
      if (excess > 0) expect(await attacker.refusedWith()).toBe(1009);
      else {
        let heard;
        do heard = await attacker.hearFrame();
        while (heard.opcode !== 0x2);
        expect(heard.payload).toHaveLength(MiB);
      }
    }
  });
});

describe('a message in very many fragments', () => {
  test.each([
    { title: '300,000 fragments of a byte', payload: 'x' },
    { title: '300,000 empty fragments', payload: '' },
  ])('takes little more memory than its bytes: $title', async ({ payload }) => {
    const attacker = await setting.victim.upgrade('/echo');
    attacker.sayFrame({ opcode: 0x1, fin: false, payload });
    await attacker.pour(times(299_999, frame({ opcode: 0x0, fin: false, payload })), 64 * 1024);
    await attacker.untilRead();
    await setting.victim.serves();
    expect((await setting.victim.growth()).held).toBeLessThan(SMALL);
    attacker.sayFrame({ opcode: 0x0 });
    expect((await attacker.hearFrame()).payload).toHaveLength(300_000 * payload.length);
  });

  test('takes little more memory than its bytes, even if each byte arrives in its own chunk', async () => {
    const attacker = await setting.victim.upgrade('/echo');
    const message = frame({ opcode: 0x2, payload: Buffer.alloc(20_000, 'x') });
    await attacker.pour(message.subarray(0, -1), 1);
    await setting.victim.serves();
    expect((await setting.victim.growth()).held).toBeLessThan(SMALL);
    await attacker.pour(message.subarray(-1));
    expect((await attacker.hearFrame()).payload).toHaveLength(20_000);
  });

  test('takes little more memory than its bytes, even if many such messages arrive at the same time', async () => {
    const fragments = Buffer.concat([
      frame({ opcode: 0x2, fin: false }),
      times(10_000, frame({ opcode: 0x0, fin: false, payload: 'x' })),
    ]);
    const attackers = [];
    for (let count = 0; count < 50; count++) attackers.push(await setting.victim.upgrade('/echo'));
    await Promise.all(attackers.map((attacker) => attacker.pour(fragments)));
    await Promise.all(attackers.map((attacker) => attacker.untilRead()));
    // 500,000 bytes in 500,000 fragments.
    expect((await setting.victim.growth()).held).toBeLessThan(2 * SMALL);
  });

  test('like those of the public conformance suite is accepted: 4 MiB in up to 65,536 fragments', async () => {
    for (const size of [64, 255]) {
      const attacker = await setting.victim.upgrade('/echo');
      const count = Math.floor((4 * MiB) / size);
      const payload = Buffer.alloc(size, 'x');
      attacker.sayFrame({ opcode: 0x2, fin: false, payload });
      await attacker.pour(times(count - 2, frame({ opcode: 0x0, fin: false, payload })), 64 * 1024);
      attacker.sayFrame({ opcode: 0x0, payload });
      expect((await attacker.hearFrame()).payload).toHaveLength(count * size);
    }
  });

  test('is refused with 1008 if the number of fragments is limited, and they are counted per message', async () => {
    const attacker = await setting.victim.upgrade('/many-fragments');
    for (let count = 0; count < 100; count++) {
      await attacker.pour(frame({ opcode: 0x2, payload: 'abc' }), 3);
      expect((await attacker.hearFrame()).payload.toString()).toBe('abc');
    }
    attacker.sayFrame({ opcode: 0x2, fin: false });
    await attacker.pour(times(4, frame({ opcode: 0x0, fin: false })));
    expect(await attacker.refusedWith()).toBe(1008);
  });
});

test('a hundred thousand unfragmented messages in a row are accepted', async () => {
  const attacker = await setting.victim.upgrade('/echo');
  const heard = attacker.hear(3 * 100_000);
  await attacker.pour(times(100_000, frame({ opcode: 0x1, payload: 'x' })), 64 * 1024 + 1);
  expect(await heard).toBe('810178'.repeat(100_000));
});

test('a client that sends pings and never reads the pongs is disconnected, and fills no memory', async () => {
  const attacker = await setting.victim.upgrade('/echo');
  attacker.socket.pause();
  const pings = times(64 * 1024, frame({ opcode: 0x9, payload: Buffer.alloc(125) }));
  // Sends until the buffers of the sockets are full and the server ends the connection.
  while (await attacker.pour(pings, 64 * 1024));
  await setting.victim.serves();
  expect(await setting.victim.endings('/echo', 1)).toEqual(['1006']);
  expect((await setting.victim.growth()).held).toBeLessThan(SMALL);
});
