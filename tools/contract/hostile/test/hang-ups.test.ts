// Clients that disconnect before the application has a connection. No error without a listener may end the process.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { upgradeRequest } from '../../src/raw.ts';
import { frame } from '../src/frames.ts';
import { underAttack } from './support.ts';

const setting = underAttack();

const request = upgradeRequest('/echo');

test.each<{ title: string; sent: string }>([
  { title: 'nothing', sent: '' },
  { title: 'a part of a request', sent: request.slice(0, 50) },
  { title: 'something other than a request', sent: '\x16\x03\x01\x02\0\x01' },
  { title: 'a request', sent: request },
  { title: 'a request and a frame', sent: request + frame({ opcode: 0x1, payload: 'a' }).toString('latin1') },
  { title: 'a request that is refused', sent: upgradeRequest('/nowhere') },
  { title: 'a request with a wrong key', sent: request.replace('==', '') },
  { title: 'a request that a listener answers', sent: upgradeRequest('/answered').replace('==', '') },
  { title: 'a request that verifyClient refuses', sent: upgradeRequest('/refused') },
  { title: 'a request that verifyClient refuses later', sent: upgradeRequest('/late') },
  { title: 'a request that verifyClient accepts later', sent: upgradeRequest('/late-welcome') },
  { title: 'a request that verifyClient never decides', sent: upgradeRequest('/undecided') },
  { title: 'a request whose connection is closed immediately', sent: upgradeRequest('/closing') },
  { title: 'a request whose connection is flooded', sent: upgradeRequest('/flood') },
])('a reset after $title causes no uncaught exception', async ({ sent }) => {
  for (const wait of ['none', 'answer'] as const) {
    const attackers = await Promise.all(Array.from({ length: 20 }, () => setting.victim.connect()));
    for (const attacker of attackers) {
      if (wait === 'none') {
        attacker.socket.write(sent, 'latin1');
        attacker.socket.resetAndDestroy();
        continue;
      }
      attacker.sayText(sent);
    }
    // When a later client is served, the server has handled these.
    await setting.victim.serves();
    for (const attacker of attackers) {
      if (wait === 'none') continue;
      const gone = attacker.socket.closed ? undefined : once(attacker.socket, 'close');
      attacker.socket.resetAndDestroy();
      await gone;
    }
  }
  await setting.victim.serves();
  expect((await setting.victim.growth()).held).toBeLessThan(4 * 1024 * 1024);
});
