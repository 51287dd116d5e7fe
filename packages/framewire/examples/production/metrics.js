// The metrics of the server, in the text format of Prometheus.

/** Counters of the whole process. */
export const counters = { chat_accepted_total: 0, chat_messages_total: 0, chat_updates_skipped_total: 0 };

const closes = new Map();

/** Counts a connection that has closed. */
export function countClose(code) {
  closes.set(code, (closes.get(code) ?? 0) + 1);
}

/** Returns all metrics of a server as text. */
export function formatMetrics(server, rooms) {
  const gauges = {
    chat_connections: server.clients.size,
    chat_rooms: rooms.size,
    chat_buffered_bytes: 0,
    chat_latency_max_seconds: 0,
  };
  for (const { bufferedAmount, latency = 0 } of server.clients) {
    gauges.chat_buffered_bytes += bufferedAmount;
    gauges.chat_latency_max_seconds = Math.max(gauges.chat_latency_max_seconds, latency / 1000);
  }
  const byCode = [...closes].map(([code, count]) => `chat_closes_total{code="${code}"} ${count}\n`);
  return [
    ...format('gauge', gauges),
    ...format('counter', counters),
    '# TYPE chat_closes_total counter\n',
    ...byCode,
  ].join('');
}

function format(type, values) {
  return Object.entries(values).map(([name, value]) => `# TYPE ${name} ${type}\n${name} ${value}\n`);
}
