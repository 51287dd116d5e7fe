/** @nestjs/platform-ws: the gateways of a Nest application. */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { from, map } from 'rxjs';
import WebSocket from 'ws';
import { ending, nextMessage, text } from './support/local.mjs';

/** Applies decorators to a class or one of its members, as compiled code does. */
function decorate(decorators, target, key) {
  for (const each of decorators) each(target, key, key && Object.getOwnPropertyDescriptor(target, key));
}

/** An application with gateways, each a class, listening on a free port. */
async function start(...gateways) {
  class Application {}
  decorate([Module({ providers: gateways })], Application);
  const app = await NestFactory.create(Application, { logger: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  return { app, url: `ws://127.0.0.1:${app.getHttpServer().address().port}` };
}

class Events {
  seen = [];
  handleConnection(client, request) {
    client.send(`welcome to ${request.url}`);
  }
  handleDisconnect() {
    this.seen.push('left');
  }
  echo(client, data) {
    return { event: 'echo', data };
  }
  count(client, to) {
    return from(Array.from({ length: to }, (_, i) => i)).pipe(map((data) => ({ event: 'count', data })));
  }
  everybody(client, data) {
    for (const each of this.server.clients) each.send(JSON.stringify({ event: 'all', data }));
  }
}
decorate([WebSocketGateway({ path: '/events' })], Events);
decorate([WebSocketServer()], Events.prototype, 'server');
for (const name of ['echo', 'count', 'everybody']) {
  decorate([SubscribeMessage(name)], Events.prototype, name);
}

class Admin {
  handleConnection(client) {
    client.close(4003, 'not you');
  }
}
decorate([WebSocketGateway({ path: '/admin' })], Admin);

const nextEvent = async (ws) => JSON.parse(await nextMessage(ws));

test('Gateways on two paths answer, stream and send to all', async () => {
  const { app, url } = await start(Events, Admin);
  const ws = new WebSocket(`${url}/events?as=ann`);
  assert.equal(await nextMessage(ws), 'welcome to /events?as=ann');
  const say = (event, data) => ws.send(JSON.stringify({ event, data }));

  say('echo', text(100_000));
  assert.deepEqual(await nextEvent(ws), { event: 'echo', data: text(100_000) });

  const counted = [];
  const ended = new Promise((resolve) => {
    ws.on('message', function take(data) {
      if (counted.push(JSON.parse(data).data) < 50) return;
      ws.off('message', take);
      resolve();
    });
  });
  say('count', 50);
  await ended;
  assert.deepEqual(
    counted,
    Array.from({ length: 50 }, (_, i) => i),
  );

  const other = new WebSocket(`${url}/events`);
  await nextMessage(other);
  const heard = Promise.all([ws, other].map(nextEvent));
  say('everybody', 'news');
  assert.deepEqual(await heard, Array(2).fill({ event: 'all', data: 'news' }));

  assert.deepEqual(await ending(new WebSocket(`${url}/admin`)), [4003, 'not you']);
  const [error] = await once(new WebSocket(`${url}/nowhere`), 'error');
  assert.match(error.message, /hang up|ECONNRESET|Unexpected server response/);

  const closed = [ws, other].map(ending);
  await app.close();
  for (const [code] of await Promise.all(closed)) assert.ok([1005, 1006].includes(code), String(code));
});
