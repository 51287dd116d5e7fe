/** The wire under the header: every message runs along it once, sent ones to the right, received ones to the left. */

/* eslint no-undef: "off" -- the names a browser knows are checked by the compiler, see tsconfig.json */

const RUN_MS = 900;
/** More at once would only be a solid line. */
const MOST_PULSES = 40;

export class Wire {
  #element;
  #calm = matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /**
   * Shows a message; the more bytes it has, the longer its pulse. Nothing moves for who wants less motion, or out of sight.
   *
   * @param {{ direction: 'in' | 'out', bytes: number }} traffic
   */
  pulse({ direction, bytes }) {
    if (this.#calm.matches || document.hidden || this.#element.childElementCount >= MOST_PULSES) return;
    const pulse = document.createElement('span');
    pulse.className = `pulse ${direction}`;
    const width = 12 * Math.log2(2 + bytes / 16);
    pulse.style.width = `${width}px`;
    this.#element.append(pulse);
    const ends = [`translateX(${-width}px)`, `translateX(${this.#element.clientWidth}px)`];
    if (direction === 'in') ends.reverse();
    pulse.animate({ transform: ends }, { duration: RUN_MS, easing: 'linear' }).onfinish = () =>
      pulse.remove();
  }
}
