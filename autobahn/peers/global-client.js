// The WebSocket that an engine brings along as an echo client: asks a fuzzing server for all its cases, then for the reports.

const [url, agent = 'client', jobs = '8'] = globalThis.Deno?.args ?? process.argv.slice(2);
const { WebSocket } = globalThis;

const count = Number(await visit('/getCaseCount', false));
const numbers = Array.from({ length: count }, (_, i) => i + 1);
await Promise.all(Array.from({ length: Number(jobs) }, work));
await visit(`/updateReports?agent=${encodeURIComponent(agent)}&shutdownOnComplete=true`, false);

async function work() {
  for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
    await visit(`/runCase?case=${number}&agent=${encodeURIComponent(agent)}`, true);
  }
}

/** Resolves to the last message when the connection has ended. */
function visit(path, echoes) {
  return new Promise((resolve) => {
    let last;
    const socket = new WebSocket(url + path);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      last = data;
      if (echoes) socket.send(data);
    };
    socket.onerror = () => {};
    socket.onclose = () => resolve(last);
  });
}
