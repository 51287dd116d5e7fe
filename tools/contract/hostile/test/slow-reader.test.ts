// A server with one peer that does not read, and many that do.
import { once } from 'node:events';
import WebSocket from 'framewire';
import { describe, expect, test } from 'vitest';
import { Attacker } from '../src/attacker.ts';
import { MiB } from '../src/frames.ts';
import { Program } from '@framewire/testing/program';
import { LOAD, type Policy, type Report, type Outcomes } from '../src/slow-reader-server.ts';

const FAST = 100;
const SENT = LOAD.turns * LOAD.aTurn;

/** Clients that read everything, and how many messages each has received in order. */
class FastReaders {
  readonly #clients: WebSocket[] = [];
  readonly counts = Array.from({ length: FAST }, () => 0);

  async connect(port: number): Promise<void> {
    for (let index = 0; index < FAST; index++) {
      const client = new WebSocket(`ws://127.0.0.1:${port}/fast`);
      client.on('message', (data: Buffer) => {
        const count = this.counts[index] ?? 0;
        if (data.length === LOAD.fastLength && data.readUInt32BE() === count) this.counts[index] = count + 1;
      });
      this.#clients.push(client);
    }
    await Promise.all(this.#clients.map((client) => once(client, 'open')));
  }

  /** The close code of each client, after all have closed. */
  async endings(): Promise<number[]> {
    const closes = await Promise.all(this.#clients.map((client) => once(client, 'close')));
    return closes.map(([code]) => code as number);
  }
}

async function run(policy: Policy, then: (report: Report, slow: Attacker) => Promise<void>): Promise<void> {
  const server = Program.start(new URL('../src/slow-reader-server.ts', import.meta.url));
  try {
    const port = await server.ask<number>('listen', policy);
    const readers = new FastReaders();
    await readers.connect(port);
    const slow = await Attacker.upgrade(port, '/slow');
    slow.socket.pause();

    const report = await server.ask<Report>('send');
    // The limit, the messages of this turn, and those of the two turns before, which the peer had no chance to read.
    expect(report.waited).toBeLessThan(MiB + 3 * LOAD.aTurn * (LOAD.slowLength + 4));
    expect(report.after.peak - report.before.peak).toBeLessThan(32 * MiB);
    expect(report.after.held - report.before.held).toBeLessThan(4 * MiB);
    await then(report, slow);

    slow.socket.destroy();
    const endings = readers.endings();
    const outcomes = await server.ask<Outcomes>('close');
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(SENT);
    expect(outcomes['WS_ERR_MESSAGE_DROPPED'] ?? 0).toBe(report.dropped);
    expect(await endings).toEqual(readers.counts.map(() => 1000));
    expect(readers.counts).toEqual(readers.counts.map(() => LOAD.turns));
  } finally {
    server.stop();
  }
}

describe('a peer that reads none of 180,000 messages fills no memory and does not affect others: it', () => {
  test('is terminated', () =>
    run('terminate', async (report) => {
      expect(report.ended).toEqual(['1006 WS_ERR_BUFFERED_AMOUNT_EXCEEDED']);
    }));

  test('is sent a close frame, and terminated after closeTimeout', () =>
    run('close', async (report) => {
      expect(report.ended).toEqual(['1006 WS_ERR_BUFFERED_AMOUNT_EXCEEDED']);
    }));

  test('loses messages, and gets the others in order when it reads again', () =>
    run('drop', async (report, slow) => {
      expect(report.ended).toEqual([]);
      expect(report.dropped).toBeGreaterThan(SENT / 2);
      slow.socket.resume();
      let last = -1;
      for (let rest = SENT - report.dropped; rest > 0; rest--) {
        const { payload } = await slow.hearFrame();
        expect(payload.length).toBe(LOAD.slowLength);
        expect(payload.readUInt32BE()).toBeGreaterThan(last);
        last = payload.readUInt32BE();
      }
    }));
});
