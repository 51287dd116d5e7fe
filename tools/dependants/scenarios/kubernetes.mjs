/** @kubernetes/client-node: a command in a pod, with its streams. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PassThrough } from 'node:stream';
import { buffer, text as textOf } from 'node:stream/consumers';
import { Exec, KubeConfig } from '@kubernetes/client-node';
import { bytes, startService } from './support/local.mjs';

/** Serves `cat` as an API server does: channels 0 to 3 are stdin, stdout, stderr and the status; 255 closes one. */
function serveExec(ws, { url }) {
  const say = (channel, data) => ws.send(Buffer.concat([Buffer.of(channel), Buffer.from(data)]));
  say(2, new URL(url, 'http://host').searchParams.get('command'));
  ws.on('message', (data) => {
    if (data[0] === 0) say(1, data.subarray(1));
    if (data[0] !== 255) return;
    say(3, JSON.stringify({ status: 'Success' }));
    ws.close();
  });
}

test('stdin comes back through a pod, and its status is reported', async () => {
  const api = await startService(serveExec, { handleProtocols: (protocols) => [...protocols][0] });
  const config = new KubeConfig();
  const cluster = { name: 'local', server: `http://${api.address}`, skipTLSVerify: true };
  config.loadFromClusterAndUser(cluster, { name: 'ann' });
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const input = bytes(500_000);
  const status = new Promise((resolve, reject) => {
    new Exec(config)
      .exec('default', 'pod', 'main', ['cat'], stdout, stderr, stdin, false, resolve)
      .then((ws) => {
        assert.equal(ws.protocol, 'v5.channel.k8s.io');
        ws.on('close', () => {
          stdout.end();
          stderr.end();
        });
      })
      .catch(reject);
  });
  const results = Promise.all([buffer(stdout), textOf(stderr)]);
  for (let from = 0; from < input.length; from += 50_000) stdin.write(input.subarray(from, from + 50_000));
  stdin.end();
  assert.deepEqual(await results, [input, 'cat']);
  assert.equal((await status).status, 'Success');
  await api.end();
});
