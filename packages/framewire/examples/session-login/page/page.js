// The page. It logs in with fetch, and sends and receives over a WebSocket. It reconnects after a failure, but not after a logout.

/** The close code of the server for a session that has ended. */
const LOGGED_OUT = 4001;
const RETRY_MS = 1000;

const view = (id) => document.getElementById(id);
let socket;
let self = '';

function show(name) {
  self = name ?? '';
  view('door').hidden = name !== null;
  view('room').hidden = name === null;
  if (name === null) {
    view('messages').replaceChildren();
    view('name').focus();
  } else {
    connect();
    view('text').focus();
  }
}

async function whoAmI() {
  const response = await fetch('/session');
  const { name } = await response.json();
  return name;
}

function connect() {
  view('state').textContent = 'connecting …';
  // The URL has ws: if the page was loaded over http:, and wss: if over https:.
  socket = new WebSocket(new URL('/', location.href.replace(/^http/, 'ws')));
  socket.addEventListener('open', () => {
    view('state').textContent = `connected as ${self}`;
    setSending(true);
  });
  socket.addEventListener('message', ({ data }) => add(JSON.parse(data)));
  socket.addEventListener('close', ({ code }) => {
    setSending(false);
    if (code === LOGGED_OUT) show(null);
    else if (!view('room').hidden) retry();
  });
}

function retry() {
  view('state').textContent = 'connection lost, trying again …';
  setTimeout(async () => {
    try {
      // The session may have ended meanwhile. A refused upgrade would not show that.
      show(await whoAmI());
    } catch {
      retry();
    }
  }, RETRY_MS);
}

function setSending(can) {
  view('say').querySelector('button').disabled = !can;
}

function add({ name, text, joined }) {
  const item = document.createElement('li');
  if (text === undefined) {
    item.className = 'note';
    item.textContent = `${name} ${joined ? 'joined' : 'left'}`;
  } else {
    const author = document.createElement('strong');
    author.textContent = name;
    item.className = name === self ? 'own' : '';
    item.append(author, text);
  }
  const list = view('messages');
  list.append(item);
  if (list.children.length > 200) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
}

view('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  view('problem').textContent = '';
  try {
    const response = await fetch('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: view('name').value }),
    });
    const { name, error } = await response.json();
    if (error) view('problem').textContent = error;
    else show(name);
  } catch {
    view('problem').textContent = 'The server does not answer.';
  }
});

view('say').addEventListener('submit', (event) => {
  event.preventDefault();
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(view('text').value);
  view('text').value = '';
});

view('logout').addEventListener('click', async () => {
  try {
    await fetch('/session', { method: 'DELETE' });
    show(null);
  } catch {
    view('state').textContent = 'the server does not answer';
  }
});

show(await whoAmI());
