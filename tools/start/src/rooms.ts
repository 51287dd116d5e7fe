/** The rooms by name. Each has a topic, to which the connections that have the room open are subscribed. */

import { Topics } from '@framewire/topics';
import { LIMITS, LOBBY } from './protocol.ts';
import { Room } from './room.ts';
import type { WebSocket } from 'framewire';
import type { RoomList, ServerMessage } from './protocol.ts';
import type { Visitor } from './room.ts';
import type { Traffic } from './visitor.ts';

/** The topic of the list of rooms. The topics of rooms have a prefix, so a room can have any name. */
const LIST = 'rooms';

/** Creates rooms when they are opened. Removes each when its last connection leaves, except the lobby. */
export class Rooms {
  readonly #topics = new Topics();
  readonly #rooms = new Map<string, Room>();
  readonly #traffic: Traffic;

  /** @param traffic Counts the messages. */
  constructor(traffic: Traffic) {
    this.#traffic = traffic;
    this.#create(LOBBY);
  }

  /** How many people are in all rooms. */
  get people(): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.people, 0);
  }

  /** The lobby and the rooms with people. */
  get list(): RoomList {
    const rooms = [...this.#rooms.values()]
      .filter((room) => room.name === LOBBY || room.people > 0)
      .slice(0, LIMITS.rooms)
      .map((room) => ({ room: room.name, people: room.people }));
    return { type: 'rooms', rooms };
  }

  /** Sends a connection each change of the list, until it closes. */
  followList(socket: WebSocket): void {
    void this.#topics.subscribe(socket, LIST);
  }

  /** Sends a connection the events of a room, until it exits the room or closes. */
  enter(socket: WebSocket, name: string): Room {
    const room = this.#rooms.get(name) ?? this.#create(name);
    void this.#topics.subscribe(socket, topicOf(name));
    return room;
  }

  /** Removes a visitor from a room, and its connection from the topic of the room. */
  exit(socket: WebSocket, visitor: Visitor, room: Room): void {
    const topic = topicOf(room.name);
    this.#topics.unsubscribe(socket, topic);
    room.leave(visitor);
    if (room.name !== LOBBY && this.#topics.subscriberCount(topic) === 0) this.#rooms.delete(room.name);
  }

  #create(name: string): Room {
    const room = new Room(name, (event) => {
      this.#publish(topicOf(name), event);
      // The list shows how many people each room has. Only its latest state matters to a client that reads slowly.
      if (event.type === 'people') this.#publish(LIST, this.list, { conflate: true });
    });
    this.#rooms.set(name, room);
    return room;
  }

  #publish(topic: string, event: ServerMessage, options = {}): void {
    void this.#topics.publish(topic, JSON.stringify(event), options);
    this.#traffic.sent += this.#topics.subscriberCount(topic);
  }
}

function topicOf(room: string): string {
  return `room:${room}`;
}
