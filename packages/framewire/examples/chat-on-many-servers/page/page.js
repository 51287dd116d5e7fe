// The page. After its server ends, it reconnects, sends its last position, and repeats the messages that were not acknowledged.

const RETRY_MS = 200;
const KEPT = 500;

const view = (id) => document.getElementById(id);
const author = `Guest ${Math.floor(Math.random() * 1000)}`;
/** The messages that no server has acknowledged, oldest first. */
const waiting = [];
/** The ids of the messages that are shown. A message that was sent again may arrive twice. */
const shown = new Set();
let socket;
let isJoined = false;
/** The position of the last message that arrived. */
let position;

function connect() {
  view('state').textContent = 'connecting …';
  // The URL has ws: if the page was loaded over http:, and wss: if over https:.
  socket = new WebSocket(new URL('/chat', location.href.replace(/^http/, 'ws')));
  socket.addEventListener('open', () => send({ kind: 'join', since: position }));
  socket.addEventListener('message', ({ data }) => handle(JSON.parse(data)));
  socket.addEventListener('close', () => {
    isJoined = false;
    view('state').textContent = 'connection lost, trying again …';
    // A random delay, so that the pages of a server do not all reconnect at the same moment.
    setTimeout(connect, RETRY_MS * (1 + Math.random()));
  });
}

function send(message) {
  socket.send(JSON.stringify(message));
}

function handle(message) {
  if (message.kind === 'joined') join(message);
  else if (message.kind === 'taken') forget(message.id);
  else show(message);
}

function join({ server, recovered, position: current }) {
  if (position !== undefined && !recovered)
    add('', 'Some messages are missing: the page was away for too long.');
  position = recovered ? position : current;
  isJoined = true;
  view('state').textContent = `${author}, on server ${server}`;
  for (const message of waiting) send(message);
}

function forget(id) {
  const index = waiting.findIndex((message) => message.id === id);
  if (index >= 0) waiting.splice(index, 1);
}

function show(message) {
  position = message.position;
  if (shown.has(message.id)) return;
  shown.add(message.id);
  add(message.author, message.text);
}

function add(name, text) {
  const item = document.createElement('li');
  const from = document.createElement('strong');
  from.textContent = name;
  item.append(from, text);
  const list = view('messages');
  list.append(item);
  if (list.children.length > KEPT) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
}

view('say').addEventListener('submit', (event) => {
  event.preventDefault();
  const message = { kind: 'say', id: crypto.randomUUID(), author, text: view('text').value };
  waiting.push(message);
  if (isJoined) send(message);
  view('text').value = '';
});

connect();
