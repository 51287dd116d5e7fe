import { createChat } from './chat.js';

const { http, stop } = createChat();

http.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http.address().port}`);
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
