// Very many clients that do not finish their handshakes: limits hold, memory is bounded, and other clients do not wait. With
// FRAMEWIRE_FULL=1, the tests use 10,000 clients of each kind, and print figures.
import { upgradeRequest } from '../../src/raw.ts';
import { once } from 'node:events';
import { WebSocket } from 'framewire';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Memory } from '../src/measures.ts';
import { Program } from '@framewire/testing/program';
import { statusesOf, StormClient } from '../src/storm.ts';

const isFull = process.env['FRAMEWIRE_FULL'] === '1';
/** How many clients there are of each kind, and how many of them leave while they wait for authentication. */
const { count, leaving, handshakeTimeout } = isFull
  ? { count: 10_000, leaving: 1000, handshakeTimeout: 20_000 }
  : { count: 500, leaving: 50, handshakeTimeout: 3000 };
/** How many other clients connect meanwhile. */
const OTHERS = 10;
/** How many bytes the server may hold for a client that is not connected yet: its socket, its request, and what waits for it. */
const MOST_HELD = 24 * 1024;
/** How many bytes the server may still hold after all clients have left. */
const MOST_LEFT = 4 * 1024 * 1024;

interface State {
  /** Connections to the server with a short time limit for requests. */
  readonly hasty: number;
  /** Connections to the server that authenticates slowly. */
  readonly slow: number;
  readonly authenticating: number;
  /** How many clients have left while they waited for authentication. */
  readonly left: number;
}

let server: Program;
let ports: [hasty: number, slow: number];
const friends: WebSocket[] = [];

beforeAll(async () => {
  server = Program.start(
    new URL('../src/storm-server.ts', import.meta.url),
    String(count + OTHERS),
    String(handshakeTimeout),
  );
  ports = await server.ask('ports');
});
afterAll(() => {
  for (const friend of friends) friend.terminate();
  server.stop();
});

async function held(): Promise<number> {
  return (await server.ask<Memory>('memory')).held;
}

/** Waits for a state of the server. */
async function until(isReached: (state: State) => boolean): Promise<State> {
  for (;;) {
    const state = await server.ask<State>('state');
    if (isReached(state)) return state;
  }
}

/** Connects another client, and expects an answer while all clients before it still wait. Returns how long that took, in ms. */
async function serves(port: number, before: readonly StormClient[]): Promise<number> {
  const began = performance.now();
  const friend = new WebSocket(`ws://127.0.0.1:${port}/friend`);
  friends.push(friend);
  await once(friend, 'open');
  friend.send('hello');
  await once(friend, 'message');
  const took = performance.now() - began;
  expect(waitingOf(before)).toBe(before.length);
  return took;
}

function waitingOf(clients: readonly StormClient[]): number {
  return clients.filter(({ isWaiting }) => isWaiting).length;
}

function report(figures: object): void {
  if (isFull) console.log(figures);
}

test(`${count} clients that send an unfinished request take little memory, delay no other client, and are refused with 408`, async () => {
  const before = await held();
  const clients = await StormClient.open(ports[0], count, upgradeRequest().slice(0, -20));
  const open = await until(({ hasty }) => hasty >= count);
  const each = ((await held()) - before) / count;
  const took = await serves(ports[0], clients);
  // All clients are still connected.
  expect((await server.ask<State>('state')).hasty).toBe(open.hasty + 1);
  expect(each).toBeLessThan(MOST_HELD);
  expect(await statusesOf(clients)).toEqual({ 408: count });
  await until(({ hasty }) => hasty === 1);
  expect((await held()) - before).toBeLessThan(MOST_LEFT);
  report({ 'half-open': count, 'bytes each': Math.round(each), 'another client, ms': Math.round(took) });
});

test(`${count} clients that wait for authentication delay no other client, and each that leaves frees a place`, async () => {
  const before = await held();
  const clients = await StormClient.open(ports[1], count, upgradeRequest('/slow'));
  await until(({ authenticating }) => authenticating === count);
  const each = ((await held()) - before) / count;
  expect(each).toBeLessThan(MOST_HELD);
  const times: number[] = [];
  for (let i = 0; i < OTHERS; i++) times.push(await serves(ports[1], clients));
  expect(await server.ask('state')).toMatchObject({ authenticating: count, left: 0 });

  // No place is free until some leave.
  const refused = await StormClient.open(ports[1], leaving, upgradeRequest('/slow'));
  expect(await statusesOf(refused)).toEqual({ 503: leaving });
  expect(waitingOf(clients)).toBe(count);
  for (const client of clients.splice(0, leaving)) client.leave();
  await until(({ left, slow }) => left === leaving && slow === count - leaving + OTHERS);
  const later = await StormClient.open(ports[1], leaving, upgradeRequest('/slow'));
  await until(({ authenticating }) => authenticating === count);

  await server.ask('admit');
  expect(await statusesOf([...clients, ...later])).toEqual({ 101: count });
  for (const client of [...clients, ...later]) client.leave();
  await until(({ slow }) => slow === OTHERS);
  expect((await held()) - before).toBeLessThan(MOST_LEFT);
  report({
    authenticating: count,
    left: leaving,
    'bytes each': Math.round(each),
    'another client, ms': times.map(Math.round),
  });
});
