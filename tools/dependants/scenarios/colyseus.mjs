/** Colyseus: a room of a game, its state, and its players. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Room, Server } from '@colyseus/core';
import { MapSchema, Schema, defineTypes } from '@colyseus/schema';
import { Client } from '@colyseus/sdk';
import { WebSocketTransport } from '@colyseus/ws-transport';

class State extends Schema {
  constructor() {
    super();
    this.players = new MapSchema();
  }
}
defineTypes(State, { players: { map: 'number' } });

class Game extends Room {
  onCreate() {
    this.setState(new State());
    this.setPatchRate(10);
    this.onMessage('move', (client, { to }) => this.state.players.set(client.sessionId, to));
    this.onMessage('shout', (client, words) => this.broadcast('heard', words));
  }
  onJoin(client) {
    this.state.players.set(client.sessionId, 0);
  }
  onLeave(client) {
    this.state.players.delete(client.sessionId);
  }
}

test('Players share a state, hear each other, and leave', async () => {
  const transport = new WebSocketTransport();
  const game = new Server({ greet: false, gracefullyShutdown: false, transport });
  game.define('game', Game);
  await game.listen(0, '127.0.0.1');
  const address = `127.0.0.1:${transport.server.address().port}`;
  const rooms = [];
  for (let i = 0; i < 2; i++) rooms.push(await new Client(`http://${address}`).joinOrCreate('game'));
  const [one, two] = rooms;
  const sees = (room, right) =>
    new Promise((resolve) => room.onStateChange((state) => right(state.players) && resolve()));

  const moved = sees(two, (players) => players.get(one.sessionId) === 7);
  one.send('move', { to: 7 });
  await moved;
  const heard = rooms.map((room) => new Promise((resolve) => room.onMessage('heard', resolve)));
  two.send('shout', { words: 'é'.repeat(1000) });
  assert.deepEqual(await Promise.all(heard), Array(2).fill({ words: 'é'.repeat(1000) }));
  const alone = sees(two, (players) => players.size === 1);
  await one.leave();
  await alone;
  await two.leave();
  await game.gracefullyShutdown(false);
});
