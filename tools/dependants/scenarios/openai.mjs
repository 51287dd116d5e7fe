/** openai: its client of the Realtime API. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { test } from 'node:test';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { WebSocketServer } from 'ws';
import { bytes, ending, listen, stop } from './support/local.mjs';

// The client uses wss:, whatever the scheme of its base URL.
const [key, cert] = ['key', 'cert'].map((name) => readFileSync(`certificate/${name}.pem`));

test('Events with audio go both ways, and the key is in the upgrade request', async () => {
  const server = createServer({ key, cert });
  const wss = new WebSocketServer({ server });
  wss.on('connection', (ws, { url, headers }) => {
    ws.send(JSON.stringify({ type: 'session.created', session: { url, key: headers.authorization } }));
    ws.on('message', (data) => {
      const { audio } = JSON.parse(data);
      for (let from = 0; from < audio.length; from += 10_000) {
        const delta = audio.slice(from, from + 10_000);
        ws.send(JSON.stringify({ type: 'response.output_audio.delta', delta }));
      }
      ws.send(JSON.stringify({ type: 'response.done' }));
    });
  });
  const client = new OpenAI({ apiKey: 'secret', baseURL: `https://${await listen(server)}/v1` });
  const next = (realtime, type) => new Promise((resolve) => realtime.once(type, resolve));

  const realtime = new OpenAIRealtimeWS({ model: 'voice', options: { ca: cert } }, client);
  const { session } = await next(realtime, 'session.created');
  assert.deepEqual(session, { url: '/v1/realtime?model=voice', key: 'Bearer secret' });
  const audio = bytes(300_000).toString('base64');
  let heard = '';
  realtime.on('response.output_audio.delta', ({ delta }) => (heard += delta));
  realtime.send({ type: 'input_audio_buffer.append', audio });
  await next(realtime, 'response.done');
  assert.equal(heard, audio);
  const [peer] = wss.clients;
  const ended = ending(peer);
  realtime.close({ code: 1000, reason: 'OK' });
  assert.deepEqual(await ended, [1000, 'OK']);
  await stop(server);
});
