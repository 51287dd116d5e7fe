// The client measures the round-trip time ten times. It works with any server, because every server answers pings.
//
//   node client.js [ws://127.0.0.1:8080]
import { WebSocket } from 'framewire';

const ws = new WebSocket(process.argv[2] ?? 'ws://127.0.0.1:8080', {
  handshakeTimeout: 5000,
  heartbeat: { interval: 100, timeout: 5000 },
});

const times = [];
ws.on('pong', () => {
  if (ws.latency !== undefined) times.push(ws.latency);
  if (times.length === 10) ws.close(1000);
});
ws.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
ws.on('close', () => {
  if (times.length < 10) return;
  times.sort((a, b) => a - b);
  console.log(`best ${times[0].toFixed(3)} ms, median ${times[5].toFixed(3)} ms`);
});

process.once('SIGINT', () => ws.close(1000));
