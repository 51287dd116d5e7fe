/** The conversation: one element for each line, as text, never as markup. It follows new lines only while the reader is at its end. */

/* eslint no-undef: "off" -- the compiler checks the names that browsers define, see tsconfig.json */

/** @import { Line } from '../src/protocol.ts' */

/** The most lines on the page. Older ones are removed. */
const MOST_LINES = 400;
/** A line is shown under the name of the line before if that is by the same person and not older than this. */
const GROUP_MS = 120_000;
/** A reader within this many pixels of the end counts as at the end. */
const NEAR_END = 48;

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

export class Conversation {
  #log;
  #unreadButton;
  #unread = 0;
  #run = '';
  #lastId = 0;
  /** The last line, if the next one can be shown under its name. @type {Line | undefined} */
  #last;

  /**
   * @param {HTMLElement} log The scrolling list.
   * @param {HTMLButtonElement} unreadButton Shows the number of unread lines below, and scrolls to them.
   */
  constructor(log, unreadButton) {
    this.#log = log;
    this.#unreadButton = unreadButton;
    log.addEventListener('scroll', () => {
      if (this.#isAtEnd()) this.#showUnread(0);
    });
    unreadButton.addEventListener('click', () => {
      this.#scrollToEnd();
      log.focus();
    });
    new ResizeObserver(() => {
      if (this.#unread === 0) this.#scrollToEnd();
    }).observe(log);
  }

  /** Removes all lines. */
  clear() {
    this.#log.replaceChildren();
    this.#last = undefined;
    this.#showUnread(0);
  }

  /**
   * Adds earlier lines, except those that are already here. Screen readers do not announce them.
   *
   * @param {string} run The run of the room that the lines come from.
   * @param {Line[]} lines
   */
  catchUp(run, lines) {
    if (run !== this.#run) this.#lastId = 0;
    this.#run = run;
    this.#log.setAttribute('aria-live', 'off');
    for (const line of lines) this.add(line, false);
    this.#scrollToEnd();
    requestAnimationFrame(() => this.#log.setAttribute('aria-live', 'polite'));
  }

  /**
   * @param {Line} line
   * @param {boolean} own Whether the reader said it.
   */
  add(line, own) {
    if (line.id <= this.#lastId) return;
    this.#lastId = line.id;
    if (line.kind !== 'said') {
      this.note(`${isolate(line.name)} ${line.kind === 'joined' ? 'joined' : 'left'}`);
      return;
    }
    const last = this.#last;
    const grouped = last !== undefined && last.from === line.from && line.at - last.at < GROUP_MS;
    this.#append(buildLine(line, own, grouped), !own);
    this.#last = line;
  }

  /**
   * Adds a note of the page itself, for example "Ada joined".
   *
   * @param {string} text
   */
  note(text) {
    const element = build('div', 'note', [build('span', '', text)]);
    this.#append(element, false);
    this.#last = undefined;
  }

  /**
   * @param {HTMLElement} element
   * @param {boolean} counts Whether it counts as unread when the reader is not at the end.
   */
  #append(element, counts) {
    const follow = this.#isAtEnd();
    this.#log.append(element);
    while (this.#log.childElementCount > MOST_LINES) this.#log.firstElementChild?.remove();
    if (follow) this.#scrollToEnd();
    else if (counts) this.#showUnread(this.#unread + 1);
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#showUnread(0);
  }

  /** @param {number} count */
  #showUnread(count) {
    this.#unread = count;
    this.#unreadButton.hidden = count === 0;
    this.#unreadButton.textContent = count === 1 ? '1 new message' : `${count} new messages`;
  }
}

/**
 * @param {Line} line
 * @param {boolean} own
 * @param {boolean} grouped
 */
function buildLine(line, own, grouped) {
  const time = build('time', 'time', timeFormat.format(line.at));
  time.setAttribute('datetime', new Date(line.at).toISOString());
  const name = build('span', 'name', line.name);
  name.dir = 'auto';
  const text = build('p', 'text', line.text);
  text.dir = 'auto';
  const avatar = build('span', 'avatar', firstCharacter(line.name));
  avatar.ariaHidden = 'true';
  const element = build('div', 'line', [avatar, build('div', 'by', [name, time]), text]);
  element.classList.toggle('own', own);
  element.classList.toggle('grouped', grouped);
  element.style.setProperty('--hue', String(hueOf(line.name)));
  return element;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string | HTMLElement[]} content Text, never markup.
 */
function build(tag, className, content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (typeof content === 'string') element.textContent = content;
  else element.append(...content);
  return element;
}

/**
 * A hue for each name, the same on every page.
 *
 * @param {string} name
 */
export function hueOf(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return (hash * 137) % 360;
}

/**
 * Isolates a name inside a sentence, so that the direction of its script does not affect the rest.
 *
 * @param {string} name
 */
export function isolate(name) {
  return `\u2068${name}\u2069`;
}

const characters = new Intl.Segmenter();

/** @param {string} name */
function firstCharacter(name) {
  const [first] = characters.segment(name);
  return first?.segment.toLocaleUpperCase() ?? '';
}
