// A login with a page. express and express-session keep the session, and only a client with a session gets a WebSocket. Logging out also
// closes the WebSockets of the session.
//
//   node index.js          then open the address in two browsers
import { randomBytes } from 'node:crypto';
import { createServer, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import express from 'express';
import session from 'express-session';
import { createRefusal, formatRefusal, WebSocket, WebSocketServer } from 'framewire';

/** The close code for a session that has ended. 4000 to 4999 are for applications. */
const LOGGED_OUT = 4001;

const sessions = session({
  // In production, use a secret that outlives the process, and a store that other processes share.
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
  resave: false,
  saveUninitialized: false,
  // If the page is served over HTTPS, add `secure: true`.
  cookie: { httpOnly: true, sameSite: 'strict', maxAge: 60 * 60 * 1000 },
});

const app = express();
app.use(express.static(fileURLToPath(new URL('page', import.meta.url))));
app.use(sessions, express.json());

app.get('/session', (request, response) => response.json({ name: request.session.name ?? null }));

app.post('/session', (request, response, next) => {
  const name = String(request.body?.name ?? '').trim();
  if (name === '' || name.length > 32) {
    response.status(400).json({ error: 'A name has 1 to 32 characters.' });
    return;
  }
  // A new session for each login, so that a session that an attacker planted in the browser is worthless. Check a password here.
  const { sessionID } = request;
  request.session.regenerate((error) => {
    if (error) {
      next(error);
      return;
    }
    endSession(sessionID);
    request.session.name = name;
    response.json({ name });
  });
});

app.delete('/session', (request, response, next) => {
  const { sessionID } = request;
  request.session.destroy((error) => {
    if (error) {
      next(error);
      return;
    }
    endSession(sessionID);
    response.status(204).end();
  });
});

/** Closes the WebSockets of a session. */
function endSession(sessionID) {
  for (const ws of server.clients) if (ws.sessionID === sessionID) ws.close(LOGGED_OUT, 'logged out');
}

const http = createServer(app);
// The server disconnects a browser that reads too slowly. The page then reconnects.
const server = new WebSocketServer({ noServer: true, maxPayload: 4096, maxBufferedAmount: 1024 * 1024 });

http.on('upgrade', (request, socket, head) => {
  const onError = () => socket.destroy();
  socket.on('error', onError);
  // A browser sends the cookie for any page that connects, and CORS does not apply to WebSockets. So refuse the pages of other sites here.
  if (!isOurPage(request)) {
    refuse(socket, 403);
    return;
  }
  // The middleware that keeps the sessions also reads the cookie of this request. It requires a response, which is never sent.
  sessions(request, new ServerResponse(request), (error) => {
    if (error) console.error(error.message);
    if (error || request.session.name === undefined) {
      refuse(socket, error ? 500 : 401);
      return;
    }
    socket.off('error', onError);
    server.handleUpgrade(request, socket, head, (ws) => server.emit('connection', ws, request));
  });
});

/** Whether the request comes from a page of this server, according to the Origin header of the browser. */
function isOurPage({ headers }) {
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}

/** Answers with a status and ends the connection. */
function refuse(socket, status) {
  socket.end(formatRefusal(createRefusal(status)), () => socket.destroy());
}

/** Sends to all clients. */
function sendToAll(message) {
  const text = JSON.stringify(message);
  for (const ws of server.clients) if (ws.readyState === WebSocket.OPEN) ws.send(text);
}

server.on('connection', (ws, request) => {
  const { name } = request.session;
  ws.sessionID = request.sessionID;
  const expiry = setTimeout(() => ws.close(LOGGED_OUT, 'session expired'), request.session.cookie.maxAge);
  ws.on('error', (error) => console.error(`${name}: ${error.message}`));
  ws.on('message', (data, isBinary) => {
    if (!isBinary) sendToAll({ name, text: data.toString() });
  });
  ws.on('close', () => {
    clearTimeout(expiry);
    sendToAll({ name, left: true });
  });
  sendToAll({ name, joined: true });
});

http.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http.address().port}`);
});

process.once('SIGINT', () => {
  server.shutdown();
  http.close();
});
