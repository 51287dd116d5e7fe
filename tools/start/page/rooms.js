/** The rooms: the links to them, the form that opens one by its name, and the room that the address of the page names. */

/* eslint no-undef: "off" -- the compiler checks the names that browsers define, see tsconfig.json */

import { isolate } from './chat.js';
import { byId } from './figures.js';

/** @import { RoomList } from '../src/protocol.ts' */

const LOBBY = 'lobby';

/**
 * The fragment of the page's address names the room. So links, reloading and going back open the right room. Dispatches `change` when the
 * reader wants another room.
 */
export class Rooms extends EventTarget {
  #list = byId('rooms', HTMLElement);
  /** By the names of the rooms. @type {Map<string, HTMLAnchorElement>} */
  #links = new Map();
  /** @type {RoomList['rooms']} */
  #rooms = [];
  /** The open room; empty before the first one. */
  open = '';
  /** The room that the server was last asked to open. Until it answers, another one is open. */
  #requested = '';

  constructor() {
    super();
    const field = byId('room', HTMLInputElement);
    byId('room-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const name = field.value.trim();
      if (name === '') field.focus();
      else location.hash = encodeURIComponent(name);
      field.value = '';
    });
    addEventListener('hashchange', () => {
      if (this.wanted !== this.#requested) this.dispatchEvent(new Event('change'));
    });
  }

  /** The room in the address of the page. */
  get wanted() {
    try {
      return decodeURIComponent(location.hash.slice(1)) || LOBBY;
    } catch {
      return LOBBY;
    }
  }

  /** Returns the room in the address, to ask the server to open it. */
  request() {
    this.#requested = this.wanted;
    return this.#requested;
  }

  /** @param {string} room The room that the server has opened. Its name may be spelled differently, for example in lower case. */
  opened(room) {
    this.open = room;
    this.#requested = room;
    document.title = `Framewire: ${room}`;
    history.replaceState(null, '', `#${encodeURIComponent(room)}`);
    this.#show();
    // In a narrow window, the list scrolls sideways.
    this.#links.get(room)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  /**
   * To be called when the server has refused to open a room. Goes back to the open room, or to the lobby. Returns whether the lobby must be
   * opened for that. The lobby itself is not requested again, because its refusal would repeat.
   */
  refused() {
    const mustOpen = this.open === '' && this.#requested !== LOBBY;
    this.#requested = this.open;
    history.replaceState(null, '', `#${encodeURIComponent(this.open || LOBBY)}`);
    return mustOpen;
  }

  /** @param {RoomList['rooms']} rooms */
  update(rooms) {
    this.#rooms = rooms;
    this.#show();
  }

  /** Shows the rooms, and the open one even if it has no people. Links that stay are kept, because one may have the focus. */
  #show() {
    const people = new Map(this.#rooms.map((each) => [each.room, each.people]));
    if (this.open && !people.has(this.open)) people.set(this.open, 0);
    for (const [room, link] of this.#links) {
      if (people.has(room)) continue;
      link.parentElement?.remove();
      this.#links.delete(room);
    }
    for (const [room, count] of people) {
      const link = this.#links.get(room) ?? this.#add(room);
      link.dataset['people'] = String(count);
      link.ariaLabel = `${isolate(room)}, ${count === 1 ? '1 person' : `${count} people`}`;
      link.ariaCurrent = room === this.open ? 'page' : null;
    }
  }

  /** @param {string} room */
  #add(room) {
    const link = document.createElement('a');
    link.href = `#${encodeURIComponent(room)}`;
    link.textContent = room;
    link.dir = 'auto';
    const item = document.createElement('li');
    item.append(link);
    this.#list.append(item);
    this.#links.set(room, link);
    return link;
  }
}
