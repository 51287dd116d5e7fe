/** The wire under the header: each message runs along it once as a pulse, sent ones to the right, received ones to the left. */

/* eslint no-undef: "off" -- the compiler checks the names that browsers define, see tsconfig.json */

const RUN_MS = 900;
/** The most pulses at the same time. More would look like a solid line. */
const MOST_PULSES = 40;

export class Wire {
  #element;
  #calm = matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /**
   * Shows a message: the more bytes it has, the longer its pulse. Shows nothing if the user prefers reduced motion, or the page is hidden.
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
