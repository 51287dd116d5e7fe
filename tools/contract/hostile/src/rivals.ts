// Attacks through compression, and what they cost a server of framewire and a server of `ws`, each in its own process.
import { once } from 'node:events';
import { upgradeRequest } from '../../src/raw.ts';
import { Attacker } from './attacker.ts';
import { bomb, frame, MiB, times } from './frames.ts';
import { Program } from '@framewire/testing/program';
import type { Cost } from './rival-server.ts';

export type { Cost };

/** An attack on the server on a port. */
export interface Attack {
  /** Connects. This cost is not measured. */
  prepare(port: number): Promise<Attacker[]>;
  /** Attacks. Resolves when everything has been passed to the sockets, or answered. */
  strike(attackers: Attacker[], port: number): Promise<unknown>;
  /** The messages that the server must have received in the end, and their bytes; undefined if the attack sends none. */
  readonly arrives: { readonly messages: number; readonly bytes: number } | undefined;
}

const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate';
const NO_TAKEOVER = `${OFFER}; client_no_context_takeover`;

async function connect(port: number, count: number, offer: string): Promise<Attacker[]> {
  const attackers: Attacker[] = [];
  while (attackers.length < count) attackers.push(await Attacker.upgrade(port, '/', offer));
  return attackers;
}

/** Each connection sends one short message that inflates to a long one, all at the same time. */
export function shortBombs(connections: number, mebibytes: number, takeover: boolean): Attack {
  const payload = bomb(mebibytes);
  const message = frame({ opcode: 0x2, rsv1: true, payload });
  // Context takeover has an effect from the second message on, so an empty message comes first.
  const first = takeover ? [frame({ opcode: 0x2, rsv1: true, payload: Buffer.of(0) })] : [];
  return {
    prepare: (port) => connect(port, connections, takeover ? OFFER : NO_TAKEOVER),
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
    prepare: (port) => connect(port, 1, takeover ? OFFER : NO_TAKEOVER),
    strike([attacker]) {
      attacker?.say(times(count, message));
      return Promise.resolve();
    },
    arrives: { messages: count, bytes: 0 },
  };
}

/** Each connection sends a message of 1 MiB that compression does not shorten, so that many wait for the thread pool. */
export function longMessages(connections: number, takeover: boolean): Attack {
  // Stored blocks (RFC 1951 §3.2.4): 32 of them, each of 32 KiB.
  const block = Buffer.concat([Buffer.from('000080ff7f', 'hex'), Buffer.alloc(32 * 1024, 7)]);
  const payload = Buffer.concat([times(32, block), Buffer.of(0)]);
  const message = frame({ opcode: 0x2, rsv1: true, payload });
  return {
    prepare: (port) => connect(port, connections, takeover ? OFFER : NO_TAKEOVER),
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

/** The costs of an attack on both servers. */
export interface Costs {
  readonly ours: Cost;
  readonly theirs: Cost;
}

/**
 * The cost of each attack, from its start until the server has received everything. The attacks follow each other on the same two
 * servers, because starting a process takes longer than a short attack.
 */
export async function costsOf(attacks: readonly Attack[]): Promise<Costs[]> {
  const [us, them] = (['framewire', 'ws'] as const).map((library) =>
    Program.start(new URL('./rival-server.ts', import.meta.url), library),
  ) as [Program, Program];
  try {
    // Both processes start at the same time, but only one is attacked at a time.
    await Promise.all([us.ask('port'), them.ask('port')]);
    const costs: Costs[] = [];
    for (const attack of attacks) {
      const theirs = await costOf(them, attack);
      costs.push({ ours: await costOf(us, attack), theirs });
    }
    return costs;
  } finally {
    us.stop();
    them.stop();
  }
}

async function costOf(program: Program, attack: Attack): Promise<Cost> {
  const port = await program.ask<number>('port');
  const attackers = await attack.prepare(port);
  await program.ask('begin');
  await attack.strike(attackers, port);
  if (attack.arrives !== undefined) await arrival(program, attack.arrives, attackers);
  const cost = await program.ask<Cost>('cost');
  for (const attacker of attackers) attacker.destroy();
  return cost;
}

/** Waits until the server has received everything. Throws if it closes a connection before that. */
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
    if ((await Promise.race([cutOff, pause])) !== 'paused')
      throw new Error('The server has closed a connection');
  }
}
