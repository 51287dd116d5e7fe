// One line at the bottom of a terminal that says what is being measured, and how much is left.

/** A terminal, or what stands in for one. */
interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** The line. On a stream that is no terminal nothing is ever written. */
export class ProgressLine {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows this text in place of the one before. */
  show(text: string): void {
    if (this.#terminal.isTTY !== true) return;
    this.#terminal.write(`\r${text.slice(0, (this.#terminal.columns ?? 80) - 1)}\u001b[K`);
  }

  /** Wipes the line. */
  clear(): void {
    if (this.#terminal.isTTY === true) this.#terminal.write('\r\u001b[K');
  }
}
