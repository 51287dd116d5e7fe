import { WebSocketServer } from 'framewire';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) });

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.on('message', (data) => ws.send(`You said: ${data}`));
  ws.on('close', (code) => console.log(`a client has left with ${code}`));
  ws.send('Welcome');
});
