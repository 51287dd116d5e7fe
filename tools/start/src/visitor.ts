/** One WebSocket connection of the chat server. Checks and limits its messages, and passes them to the room that it has open. */

import { LIMITS, parseClientMessage, refusal } from './protocol.ts';
import { RateLimit } from './rate-limit.ts';
import type { WebSocket } from 'framewire';
import type { ClientMessage, ServerMessage } from './protocol.ts';
import type { Room, Visitor } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Messages that went through the server since it started. */
export interface Traffic {
  received: number;
  sent: number;
}

/** The joins and texts that one connection may send. The server refuses more. */
const CHAT_RATE = { burst: 8, perSecond: 2 };
/** The messages and pongs that one connection may send. After more, the server closes the connection. */
const MESSAGE_RATE = { burst: 60, perSecond: 20 };
/** The maximum number of bytes that may wait for a peer that does not read. After more, the server ends the connection. */
const MAX_UNREAD = 1024 * 1024;

const POLICY_VIOLATION = 1008;

/**
 * Serves a connection until it closes.
 *
 * @param socket An open connection.
 * @param number Identifies the visitor. Unique within this run.
 * @param rooms The rooms that the visitor can open.
 * @param traffic Counts the messages.
 */
export function serveVisitor(socket: WebSocket, number: number, rooms: Rooms, traffic: Traffic): void {
  const chatRate = new RateLimit(CHAT_RATE);
  const messageRate = new RateLimit(MESSAGE_RATE);
  let room: Room | undefined;

  const send = (event: ServerMessage): void => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(JSON.stringify(event));
    traffic.sent += 1;
  };
  const visitor: Visitor = { number, send };

  const exit = (): void => {
    if (room !== undefined) rooms.exit(socket, visitor, room);
    room = undefined;
  };
  const handle = (message: ClientMessage): void => {
    switch (message.type) {
      case 'open':
        if (room?.name !== message.room) {
          exit();
          room = rooms.enter(socket, message.room);
        }
        send(room.state);
        return;
      case 'join':
        if (room === undefined) send(refusal('open-first', 'Open a room to join it.', 'join'));
        else if (room.has(visitor)) send(refusal('already-joined', 'You are in the room already.', 'join'));
        else if (!chatRate.take()) send(tooFast('join'));
        else room.join(visitor, message.name);
        return;
      case 'leave':
        room?.leave(visitor);
        return;
      case 'say':
        if (room?.has(visitor) !== true) {
          send(refusal('join-first', 'Join the room to say something.', 'say'));
        } else if (!chatRate.take()) send(tooFast('say'));
        else room.say(visitor, message.text);
        return;
    }
  };

  /** Whether to handle a message or pong. Closes a connection that sends too many. */
  const mayHandle = (): boolean => {
    // Ignores messages that were sent before the client received the close frame of the server.
    if (socket.readyState !== socket.OPEN) return false;
    if (messageRate.take()) return true;
    socket.close(POLICY_VIOLATION, 'too many messages');
    return false;
  };
  socket.on('message', (data, isBinary) => {
    if (!mayHandle()) return;
    traffic.received += 1;
    if (isBinary || !Buffer.isBuffer(data)) {
      send(refusal('not-text', 'Messages are JSON in text messages.'));
      return;
    }
    const parsed = parseClientMessage(data.toString());
    if (parsed.ok) handle(parsed.message);
    else send(parsed.refusal);
  });
  socket.on('pong', () => {
    // A client can also send a pong before the first ping. Nothing has been measured then.
    const latency = socket.latency as number | undefined;
    if (mayHandle() && latency !== undefined) send({ type: 'latency', milliseconds: latency });
  });
  socket.on('close', exit);
  // A failed connection also emits `close`, where the visitor leaves.
  socket.on('error', () => undefined);

  send(rooms.list);
  rooms.followList(socket);
}

/** The options of WebSocketServer that limit how much memory a visitor can make the server use. */
export const VISITOR_LIMITS = Object.freeze({
  maxPayload: LIMITS.message,
  maxBufferedAmount: MAX_UNREAD,
  perMessageDeflate: false,
});

function tooFast(of: 'join' | 'say'): ServerMessage {
  return refusal('too-fast', 'That was too fast: wait a moment, then send it again.', of);
}
