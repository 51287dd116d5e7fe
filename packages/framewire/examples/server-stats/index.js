// A page with the memory and the processor time of this server, live. The server measures once a second and sends the result to every open
// page.
//
//   node index.js          then open the address in a browser
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'framewire';

const EVERY_MS = 1000;
/** How many measurements the server keeps for new pages: ten minutes. */
const KEPT = 600;

const file = (specifier) => fileURLToPath(import.meta.resolve(specifier));
const files = new Map([
  ['/', { path: file('./page/index.html'), type: 'text/html; charset=utf-8' }],
  ['/style.css', { path: file('./page/style.css'), type: 'text/css; charset=utf-8' }],
  ['/page.js', { path: file('./page/page.js'), type: 'text/javascript; charset=utf-8' }],
  // The plotting library that npm has installed.
  ['/uplot.js', { path: file('uplot/dist/uPlot.esm.js'), type: 'text/javascript; charset=utf-8' }],
  ['/uplot.css', { path: file('uplot/dist/uPlot.min.css'), type: 'text/css; charset=utf-8' }],
]);

const http = createServer((request, response) => {
  const found = files.get(request.url.split('?')[0]);
  if (found === undefined) {
    response.writeHead(404).end('not found\n');
    return;
  }
  response.writeHead(200, { 'Content-Type': found.type });
  createReadStream(found.path)
    .on('error', () => response.destroy())
    .pipe(response);
});

const server = new WebSocketServer({ server: http, path: '/stats' });

let cpu = process.cpuUsage();
let at = performance.now();

/** Returns the processor time since the last call, and the memory in use. */
function measure() {
  const used = process.cpuUsage(cpu);
  const now = performance.now();
  // Microseconds divided by milliseconds. 100 % is one core, and threads may use several.
  const percent = (used.user + used.system) / (now - at) / 10;
  cpu = process.cpuUsage();
  at = now;
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return { time: Date.now(), cpu: percent, rss, heapTotal, heapUsed, external };
}

const history = [];
const timer = setInterval(() => {
  const sample = measure();
  history.push(sample);
  if (history.length > KEPT) history.shift();
  const text = JSON.stringify([sample]);
  for (const ws of server.clients) {
    // Skip a page that has not read the last measurements, because its computer sleeps or its network is slow.
    if (ws.readyState === WebSocket.OPEN && !ws.writableNeedDrain) ws.send(text);
  }
}, EVERY_MS);

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.send(JSON.stringify(history));
});

http.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http.address().port}`);
});

process.once('SIGINT', () => {
  clearInterval(timer);
  server.shutdown();
  http.close();
});
