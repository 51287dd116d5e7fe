// Attacks on compression, against a server of framewire and one of `ws` in the same run, each in its own process, and their cost.
import { once } from 'node:events';
import { upgradeRequest } from '../../src/raw.ts';
import { Attacker } from './attacker.ts';
import { bomb, frame, MiB, times } from './frames.ts';
import { Program } from '@framewire/testing/program';
import type { Cost } from './rival-server.ts';

export type { Cost };

/** An attack on a server, by port. */
export interface Attack {
  /** Connects. This cost is not measured. */
  prepare(port: number): Promise<Attacker[]>;
  /** Attacks. Resolves when everything has been passed to the sockets. */
  strike(attackers: Attacker[], port: number): Promise<unknown>;
  /** What the program on the server must receive in the end; undefined when the attack sends no message. */
  readonly arrives: { readonly messages: number; readonly bytes: number } | undefined;
}

const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate';
const ALONE = `${OFFER}; client_no_context_takeover`;

async function connect(port: number, count: number, offer: string): Promise<Attacker[]> {
  const attackers: Attacker[] = [];
  while (attackers.length < count) attackers.push(await Attacker.upgrade(port, '/', offer));
  return attackers;
}

/** Each connection sends one short message that inflates to a long one, all at the same time. */
export function shortBombs(connections: number, mebibytes: number, takeover: boolean): Attack {
  const payload = bomb(mebibytes);
  const message = frame({ opcode: 0x2, rsv1: true, payload });
  // Context takeover has an effect from the second message on, so the first is an empty one.
  const first = takeover ? [frame({ opcode: 0x2, rsv1: true, payload: Buffer.of(0) })] : [];
  return {
    prepare: (port) => connect(port, connections, takeover ? OFFER : ALONE),
    strike(attackers) {
      for (const attacker of attackers) attacker.say(Buffer.concat([...first, message]));
      return Promise.resolve();
    },
    arrives: { messages: connections * (1 + first.length), bytes: connections * mebibytes * MiB },
  };
}

/** One chunk of short messages. Each consists of eight empty blocks with BFINAL set (RFC 7692 §7.2.3.4). */
export function finalBlocks(takeover: boolean): Attack {
  const message = frame({ opcode: 0x2, rsv1: true, payload: times(8, Buffer.from('0300', 'hex')) });
  const count = Math.floor(65_536 / message.length);
  return {
    prepare: (port) => connect(port, 1, takeover ? OFFER : ALONE),
    strike([attacker]) {
      attacker?.say(times(count, message));
      return Promise.resolve();
    },
    arrives: { messages: count, bytes: 0 },
  };
}

/** Each connection sends a message of 1 MiB that does not shrink, so that many wait for the thread pool. */
export function longMessages(connections: number, takeover: boolean): Attack {
  // Stored blocks (RFC 1951 §3.2.4): 32 of them, each of 32 KiB.
  const block = Buffer.concat([Buffer.from('000080ff7f', 'hex'), Buffer.alloc(32 * 1024, 7)]);
  const payload = Buffer.concat([times(32, block), Buffer.of(0)]);
  const message = frame({ opcode: 0x2, rsv1: true, payload });
  return {
    prepare: (port) => connect(port, connections, takeover ? OFFER : ALONE),
    strike: (attackers) => Promise.all(attackers.map((attacker) => attacker.pour(message))),
    arrives: { messages: connections, bytes: connections * MiB },
  };
}

/** Requests with very many malformed offers. */
export function badOffers(requests: number, offers: number): Attack {
  const list = Array.from({ length: offers }, () => 'permessage-deflate;x').join();
  const request = Buffer.from(upgradeRequest('/', `Sec-WebSocket-Extensions: ${list}`));
  return {
    prepare: () => Promise.resolve([]),
    async strike(_none, port) {
      for (let count = 0; count < requests; count++) {
        const attacker = await Attacker.connect(port);
        attacker.say(request);
        const head = await attacker.hearHead();
        if (!head.startsWith('HTTP/1.1 400 ')) throw new Error(`Not refused: ${head}`);
        attacker.destroy();
      }
    },
    arrives: undefined,
  };
}

/** The cost of an attack on a library's server, from the start until the program has received everything. */
export async function costOf(library: 'framewire' | 'ws', attack: Attack): Promise<Cost> {
  const program = Program.start(new URL('./rival-server.ts', import.meta.url), library);
  try {
    const port = await program.ask<number>('port');
    const attackers = await attack.prepare(port);
    await program.ask('begin');
    await attack.strike(attackers, port);
    if (attack.arrives !== undefined) await arrival(program, attack.arrives, attackers);
    const cost = await program.ask<Cost>('cost');
    for (const attacker of attackers) attacker.destroy();
    return cost;
  } finally {
    program.stop();
  }
}

/** Waits until the program has received everything. Throws when the server closes a connection before that. */
async function arrival(
  program: Program,
  { messages, bytes }: { messages: number; bytes: number },
  attackers: readonly Attacker[],
): Promise<void> {
  const cutOff = Promise.race(attackers.map(({ socket }) => once(socket, 'close')));
  for (;;) {
    const received = await program.ask<{ messages: number; bytes: number }>('received');
    if (received.messages >= messages) {
      if (received.bytes !== bytes) throw new Error(`${received.bytes} bytes have arrived`);
      return;
    }
    const pause = new Promise((resolve) => setTimeout(resolve, 20, 'paused'));
    if ((await Promise.race([cutOff, pause])) !== 'paused') throw new Error('An attacker has been cut off');
  }
}
