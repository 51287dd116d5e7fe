/** @google/genai: a session of the Live API. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoogleGenAI, Modality } from '@google/genai';
import { startService } from './support/local.mjs';

test('A session is set up, and answers arrive in parts', async () => {
  const service = await startService((ws) => {
    ws.on('message', (data) => {
      const { setup, clientContent } = JSON.parse(data);
      if (setup) return ws.send(JSON.stringify({ setupComplete: { sessionId: setup.model } }));
      const [{ parts }] = clientContent.turns;
      for (const text of parts[0].text.split(' ')) {
        ws.send(JSON.stringify({ serverContent: { modelTurn: { parts: [{ text }] } } }));
      }
      return ws.send(Buffer.from(JSON.stringify({ serverContent: { turnComplete: true } })));
    });
  });
  const ai = new GoogleGenAI({ apiKey: 'secret', httpOptions: { baseUrl: `http://${service.address}` } });
  const heard = [];
  let complete;
  const completed = new Promise((resolve) => (complete = resolve));
  let close;
  const closed = new Promise((resolve) => (close = resolve));
  const session = await ai.live.connect({
    model: 'voice',
    config: { responseModalities: [Modality.TEXT] },
    callbacks: {
      onmessage({ serverContent }) {
        if (serverContent?.modelTurn) heard.push(serverContent.modelTurn.parts[0].text);
        if (serverContent?.turnComplete) complete();
      },
      onclose: ({ code }) => close(code),
    },
  });
  const words = Array.from({ length: 100 }, (_, i) => `word${i}`);
  session.sendClientContent({ turns: words.join(' ') });
  await completed;
  assert.deepEqual(heard, words);
  session.close();
  assert.equal(await closed, 1005);
  await service.end();
});
