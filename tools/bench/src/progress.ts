// A line at the bottom of a terminal that shows what is being measured, and how much is left.

/** A terminal, or its substitute in tests. */
interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** The line. Nothing is written to a stream that is not a terminal. */
export class ProgressLine {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Replaces the text of the line. */
  show(text: string): void {
    if (this.#terminal.isTTY !== true) return;
    this.#terminal.write(`\r${text.slice(0, (this.#terminal.columns ?? 80) - 1)}\u001b[K`);
  }

  /** Clears the line. */
  clear(): void {
    if (this.#terminal.isTTY === true) this.#terminal.write('\r\u001b[K');
  }
}
