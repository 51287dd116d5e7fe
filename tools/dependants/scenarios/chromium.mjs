/** puppeteer-core and chrome-remote-interface: Chromium driven through our client, and its pages connected to our server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import remote from 'chrome-remote-interface';
import puppeteer from 'puppeteer-core';
import { WebSocketServer } from 'ws';
import { echo, startHttp, stop } from './support/local.mjs';

let browser;

before(async () => {
  browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-sync',
    ],
  });
});

after(() => browser.close());

test('puppeteer-core: commands, large answers and screenshots arrive', async () => {
  const page = await browser.newPage();
  await page.setContent('<h1>a page</h1>');
  assert.equal(await page.$eval('h1', (element) => element.textContent), 'a page');
  const long = await page.evaluate((length) => '€'.repeat(length), 700_000);
  assert.equal(long, '€'.repeat(700_000));
  assert.equal(await page.evaluate((value) => value.length, long), 700_000);
  const picture = await page.screenshot({ type: 'png' });
  assert.equal(Buffer.from(picture).toString('latin1', 1, 4), 'PNG');
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => page.evaluate((n) => n * 2, i)));
  assert.deepEqual(
    answers,
    Array.from({ length: 100 }, (_, i) => i * 2),
  );
  await page.close();
});

test('puppeteer-core: a second connection drives the same browser, and leaves it running', async () => {
  const second = await puppeteer.connect({ browserWSEndpoint: browser.wsEndpoint() });
  const page = await second.newPage();
  assert.equal(await page.evaluate(() => 6 * 7), 42);
  await page.close();
  await second.disconnect();
  assert.equal(second.connected, false);
  assert.equal(browser.connected, true);
});

test('A page of that browser exchanges compressed messages with our server', async () => {
  const { server, address } = await startHttp((request, response) => response.end());
  const wss = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } });
  wss.on('connection', echo);
  const page = await browser.newPage();
  await page.goto(`http://${address}/`);
  const connected = once(wss, 'connection');
  const outcome = page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const ws = new WebSocket(url);
        ws.binaryType = 'arraybuffer';
        const received = [];
        ws.onopen = () => {
          ws.send('x'.repeat(100_000));
          ws.send(new Uint8Array(100_000).fill(7));
        };
        ws.onmessage = ({ data }) => {
          if (received.push(typeof data === 'string' ? data.length : new Uint8Array(data)[99_999]) === 2)
            ws.close(3000);
        };
        ws.onclose = ({ code, wasClean }) => resolve({ extensions: ws.extensions, received, code, wasClean });
      }),
    `ws://${address}/`,
  );
  const [peer] = await connected;
  const closed = once(peer, 'close');
  const { extensions, ...rest } = await outcome;
  assert.match(extensions, /^permessage-deflate/);
  assert.deepEqual(rest, { received: [100_000, 7], code: 3000, wasClean: true });
  assert.equal((await closed)[0], 3000);
  await page.close();
  server.closeAllConnections();
  await stop(server);
});

test('chrome-remote-interface: answers and events of the same browser arrive', async () => {
  const port = Number(new URL(browser.wsEndpoint()).port);
  const target = await remote.New({ host: '127.0.0.1', port });
  const client = await remote({ host: '127.0.0.1', port, target });
  await client.Page.enable();
  await client.Runtime.enable();
  const loaded = client.Page.loadEventFired();
  await client.Page.navigate({ url: 'data:text/html,<title>remote</title>' });
  await loaded;
  const { result } = await client.Runtime.evaluate({ expression: 'document.title' });
  assert.equal(result.value, 'remote');
  const closed = once(client, 'disconnect');
  await remote.Close({ host: '127.0.0.1', port, id: target.id });
  await closed;
});
