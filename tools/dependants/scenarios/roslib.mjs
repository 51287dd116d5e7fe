/** roslib: topics and services of robots. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ros, Service, Topic } from 'roslib';
import { startService, text } from './support/local.mjs';

test('Publications come back to subscribers, and services answer', async () => {
  const bridge = await startService((ws) => {
    ws.on('message', (data) => {
      const { op, id, topic, msg, service, args } = JSON.parse(data);
      if (op === 'publish') ws.send(JSON.stringify({ op, topic, msg }));
      if (op === 'call_service') {
        const answer = {
          op: 'service_response',
          id,
          service,
          result: true,
          values: { sum: args.a + args.b },
        };
        ws.send(JSON.stringify(answer));
      }
    });
  });
  const ros = new Ros();
  await ros.connect(bridge.url);
  const topic = new Topic({ ros, name: '/chatter', messageType: 'std_msgs/String' });
  const heard = new Promise((resolve) => topic.subscribe(resolve));
  topic.publish({ data: text(100_000) });
  assert.deepEqual(await heard, { data: text(100_000) });
  const adder = new Service({ ros, name: '/add', serviceType: 'test/Add' });
  const answer = await new Promise((resolve, reject) => adder.callService({ a: 1, b: 2 }, resolve, reject));
  assert.deepEqual(answer, { sum: 3 });
  const closed = new Promise((resolve) => ros.on('close', resolve));
  ros.close();
  await closed;
  await bridge.end();
});
