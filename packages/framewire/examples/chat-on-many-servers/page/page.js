// The page: it connects again when its server ends, says what it has seen last, and sends again what was not taken.

const RETRY_MS = 200;
const KEPT = 500;

const view = (id) => document.getElementById(id);
const author = `Guest ${Math.floor(Math.random() * 1000)}`;
/** What the servers have not taken yet, oldest first. */
const waiting = [];
/** The messages that are shown: one that was sent again may come twice. */
const shown = new Set();
let socket;
let isJoined = false;
/** Of the last message that has come. */
let position;

function connect() {
  view('state').textContent = 'connecting …';
  // ws: where the page came by http:, wss: where it came by https:.
  socket = new WebSocket(new URL('/chat', location.href.replace(/^http/, 'ws')));
  socket.addEventListener('open', () => send({ kind: 'join', since: position }));
  socket.addEventListener('message', ({ data }) => handle(JSON.parse(data)));
  socket.addEventListener('close', () => {
    isJoined = false;
    view('state').textContent = 'connection lost, trying again …';
    // Not all pages of a server in the same moment.
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
