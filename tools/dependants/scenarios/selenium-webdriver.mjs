/** selenium-webdriver: commands and events of WebDriver BiDi. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import BiDi from 'selenium-webdriver/bidi/index.js';
import { startService } from './support/local.mjs';

test('Many concurrent commands are answered, and events are received', async () => {
  const driver = await startService((ws) => {
    ws.on('message', (data) => {
      const { id, method, params } = JSON.parse(data);
      ws.send(JSON.stringify({ type: 'success', id, result: { method, ...params } }));
      if (method !== 'session.subscribe') return;
      ws.send(JSON.stringify({ type: 'event', method: 'log.entryAdded', params: { text: 'hello' } }));
    });
  });
  const bidi = new BiDi(driver.url);
  await bidi.waitForConnection();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => bidi.send({ method: 'script.evaluate', params: { i } })),
  );
  assert.deepEqual(
    answers.map(({ result }) => result.i),
    Array.from({ length: 100 }, (_, i) => i),
  );
  const heard = new Promise((resolve) => bidi.on('log.entryAdded', resolve));
  await bidi.subscribe('log.entryAdded');
  assert.deepEqual(await heard, { text: 'hello' });
  await bidi.close();
  await driver.end();
});
