/** https-proxy-agent and socks-proxy-agent: our client through a real HTTP proxy and a real SOCKS proxy. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { test } from 'node:test';
import socks from '@pondwader/socks5-server';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { createProxy } from 'proxy';
import { SocksProxyAgent } from 'socks-proxy-agent';
import WebSocket, { WebSocketServer } from 'ws';
import { bytes, echo, ending, listen, nextMessage, stop, text } from './support/local.mjs';

const tls = {
  key: readFileSync('certificate/key.pem'),
  cert: readFileSync('certificate/cert.pem'),
};

/** An HTTP proxy that requires a password, and the targets that clients requested. */
async function startHttpProxy() {
  const targets = [];
  const proxy = createProxy(createHttpServer());
  proxy.authenticate = ({ url, headers }) => {
    const known = headers['proxy-authorization'] === `Basic ${Buffer.from('ann:secret').toString('base64')}`;
    if (known) targets.push(url);
    return known;
  };
  const address = await listen(proxy);
  return {
    targets,
    agent: (user) => new HttpsProxyAgent(`http://${user}@${address}`),
    end: () => stop(proxy),
  };
}

/** A SOCKS proxy that requires a password, and the targets that clients requested. */
async function startSocksProxy() {
  const targets = [];
  const proxy = socks.createServer({ auth: { username: 'ann', password: 'secret' } });
  proxy.setRulesetValidator(({ destAddress, destPort }) => {
    targets.push(`${destAddress}:${destPort}`);
    return true;
  });
  const sockets = new Set();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    proxy._handleConnection(socket);
  });
  const address = await listen(server);
  return {
    targets,
    agent: (user) => new SocksProxyAgent(`socks5h://${user}@${address}`),
    end() {
      // The server waits for both ends of each tunnel. Over TLS, the agent leaves its end open, with any client.
      for (const socket of sockets) socket.destroy();
      return stop(server);
    },
  };
}

/** An echo server over TCP or TLS. Its URL has a host name. */
async function startServer(scheme) {
  const server = scheme === 'wss' ? createHttpsServer(tls) : createHttpServer();
  const wss = new WebSocketServer({ server });
  wss.on('connection', echo);
  await listen(server);
  const host = `localhost:${server.address().port}`;
  return { server, host, url: `${scheme}://${host}/x` };
}

for (const [name, startProxy] of [
  ['https-proxy-agent', startHttpProxy],
  ['socks-proxy-agent', startSocksProxy],
]) {
  for (const scheme of ['ws', 'wss']) {
    test(`${scheme}: messages go both ways through the proxy of ${name}`, async () => {
      const { server, host, url } = await startServer(scheme);
      const proxy = await startProxy();
      const ws = new WebSocket(url, { agent: proxy.agent('ann:secret'), ca: tls.cert });
      await once(ws, 'open');
      for (const message of ['hello', text(100_000), bytes(1_000_000)]) {
        ws.send(message);
        assert.deepEqual(await nextMessage(ws), message);
      }
      ws.close(4000, 'done');
      assert.deepEqual(await ending(ws), [4000, 'done']);
      assert.deepEqual(proxy.targets, [host]);
      await proxy.end();
      await stop(server);
    });
  }

  test(`${name}: a refusal of the proxy is an error of the handshake`, async () => {
    const { server, url } = await startServer('ws');
    const proxy = await startProxy();
    const ws = new WebSocket(url, { agent: proxy.agent('ann:wrong') });
    const error = await new Promise((resolve) => ws.once('error', resolve));
    assert.match(
      error.message,
      name === 'https-proxy-agent' ? /^Unexpected server response: 407$/ : /Socks5 Authentication failed/,
    );
    assert.deepEqual(proxy.targets, []);
    await proxy.end();
    await stop(server);
  });
}
