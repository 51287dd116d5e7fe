// Clients that disconnect before the application has a connection: no error without a listener ends the process.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { upgradeRequest } from '../../src/raw.ts';
import { frame } from '../src/frames.ts';
import { underAttack } from './support.ts';

const setting = underAttack();

const request = upgradeRequest('/echo');

test.each<{ title: string; said: string }>([
  { title: 'nothing', said: '' },
  { title: 'half a request', said: request.slice(0, 50) },
  { title: 'something other than a request', said: '\x16\x03\x01\x02\0\x01' },
  { title: 'a request', said: request },
  { title: 'a request and a frame', said: request + frame({ opcode: 0x1, payload: 'a' }).toString('latin1') },
  { title: 'a request that is refused', said: upgradeRequest('/nowhere') },
  { title: 'a request with a wrong key', said: request.replace('==', '') },
  { title: 'a request that a listener answers', said: upgradeRequest('/answered').replace('==', '') },
  { title: 'a request that verifyClient refuses', said: upgradeRequest('/refused') },
  { title: 'a request that verifyClient refuses later', said: upgradeRequest('/late') },
  { title: 'a request that verifyClient accepts later', said: upgradeRequest('/late-welcome') },
  { title: 'a request that verifyClient never decides', said: upgradeRequest('/undecided') },
  { title: 'a request whose connection is closed immediately', said: upgradeRequest('/closing') },
  { title: 'a request whose connection is flooded', said: upgradeRequest('/flood') },
])('a reset after $title causes no uncaught exception', async ({ said }) => {
  for (const wait of ['none', 'answer'] as const) {
    const attackers = await Promise.all(Array.from({ length: 20 }, () => setting.victim.connect()));
    for (const attacker of attackers) {
      if (wait === 'none') {
        attacker.socket.write(said, 'latin1');
        attacker.socket.resetAndDestroy();
        continue;
      }
      attacker.sayText(said);
    }
    // When a later client is served, these have been handled.
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
