/** One line at the bottom of a terminal that is rewritten in place. */

const REFRESH_MS = 500;
/** Over how many refreshes the rate is averaged. */
const WINDOW = 4;

/** A terminal, or its substitute in tests. */
export interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** The content of the line. */
export interface Sample {
  people: number;
  /** Messages since the start, both directions. */
  messages: number;
}

/**
 * Shows people and messages a second until it is stopped. Writes nothing to a stream that is not a terminal.
 *
 * @param terminal Where to write.
 * @param sample Called at each refresh.
 * @returns A function that stops it and clears the line.
 */
export function showStatusLine(terminal: Terminal, sample: () => Sample): () => void {
  if (terminal.isTTY !== true) return () => undefined;
  const totals = [sample().messages];
  const refresh = (): void => {
    const { people, messages } = sample();
    totals.push(messages);
    if (totals.length > WINDOW + 1) totals.shift();
    const seconds = ((totals.length - 1) * REFRESH_MS) / 1000;
    const rate = (messages - (totals[0] ?? 0)) / seconds;
    const line = formatStatus(people, rate).slice(0, (terminal.columns || 80) - 1);
    terminal.write(`\r${line}\u001b[K`);
  };
  refresh();
  const timer = setInterval(refresh, REFRESH_MS);
  return () => {
    clearInterval(timer);
    terminal.write('\r\u001b[K');
  };
}

/** For example `2 people in the rooms · 14.5 messages/s`. */
function formatStatus(people: number, messagesPerSecond: number): string {
  const who = people === 0 ? 'nobody' : people === 1 ? '1 person' : `${people} people`;
  return `  ${who} in the rooms · ${messagesPerSecond.toFixed(1)} messages/s`;
}
