// A client that echoes, for classes with the interface of the DOM: requests all cases of a fuzzing server, then the reports.

/** Plays all cases with a `WebSocket` class. The second parameter has the arguments of the program: URL, name of the agent, cases at a time. */
export async function echoAll(WebSocket, [url, agent = 'client', jobs = '8']) {
  const name = encodeURIComponent(agent);
  const count = Number(await visit(WebSocket, `${url}/getCaseCount`, false));
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const work = async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      await visit(WebSocket, `${url}/runCase?case=${number}&agent=${name}`, true);
    }
  };
  await Promise.all(Array.from({ length: Number(jobs) }, work));
  await visit(WebSocket, `${url}/updateReports?agent=${name}&shutdownOnComplete=true`, false);
}

/** Resolves to the last message when the connection has ended. */
function visit(WebSocket, url, echoes) {
  return new Promise((resolve) => {
    let last;
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      last = data;
      if (echoes) socket.send(data);
    };
    socket.onerror = () => {};
    socket.onclose = () => resolve(last);
  });
}
