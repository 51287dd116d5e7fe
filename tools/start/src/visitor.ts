/** One WebSocket connection of the chat server: its messages are checked, limited and passed to the room. */

import { LIMITS, parseClientMessage, refusal } from './protocol.ts';
import { RateLimit } from './rate-limit.ts';
import type { WebSocket } from 'framewire';
import type { ClientMessage, ServerMessage } from './protocol.ts';
import type { Room, Visitor } from './room.ts';

/** Messages that went through the server since it started. */
export interface Traffic {
  received: number;
  sent: number;
}

/** The joins and texts that one connection may send. More are refused. */
const CHAT_RATE = { burst: 8, perSecond: 2 };
/** The messages of any kind that one connection may send. More close the connection. */
const MESSAGE_RATE = { burst: 60, perSecond: 20 };
/** The most bytes that may wait for a peer that does not read. More end the connection. */
const MOST_UNREAD = 1024 * 1024;

const POLICY_VIOLATION = 1008;

/**
 * Serves a connection until it closes.
 *
 * @param socket An open connection.
 * @param number Identifies the visitor. Unique within this run.
 * @param room The room that the visitor enters.
 * @param traffic Counts the messages.
 */
export function serveVisitor(socket: WebSocket, number: number, room: Room, traffic: Traffic): void {
  const chatRate = new RateLimit(CHAT_RATE);
  const messageRate = new RateLimit(MESSAGE_RATE);

  const visitor: Visitor = {
    number,
    deliver(json) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(json);
      traffic.sent += 1;
    },
  };
  const answer = (event: ServerMessage): void => {
    visitor.deliver(JSON.stringify(event));
  };

  const act = (message: ClientMessage): void => {
    switch (message.type) {
      case 'ping':
        answer({ type: 'pong', id: message.id });
        return;
      case 'join':
        if (room.has(visitor)) answer(refusal('already-joined', 'You are in the room already.', 'join'));
        else if (!chatRate.take()) answer(tooFast('join'));
        else room.join(visitor, message.name);
        return;
      case 'leave':
        room.leave(visitor);
        return;
      case 'say':
        if (!room.has(visitor)) answer(refusal('join-first', 'Join the room to say something.', 'say'));
        else if (!chatRate.take()) answer(tooFast('say'));
        else room.say(visitor, message.text);
        return;
    }
  };

  socket.on('message', (data, isBinary) => {
    // Messages that were already under way when the server closed the connection are ignored.
    if (socket.readyState !== socket.OPEN) return;
    traffic.received += 1;
    if (!messageRate.take()) {
      socket.close(POLICY_VIOLATION, 'too many messages');
      return;
    }
    if (isBinary || !Buffer.isBuffer(data)) {
      answer(refusal('not-text', 'Messages are JSON in text messages.'));
      return;
    }
    const parsed = parseClientMessage(data.toString());
    if (parsed.ok) act(parsed.message);
    else answer(parsed.refusal);
  });
  socket.on('close', () => {
    room.exit(visitor);
  });
  // A failed connection also emits `close`, where the visitor leaves.
  socket.on('error', () => undefined);

  room.enter(visitor);
}

/** The options of WebSocketServer that limit how much memory a visitor can make the server use. */
export const VISITOR_LIMITS = Object.freeze({
  maxPayload: LIMITS.message,
  maxBufferedAmount: MOST_UNREAD,
  perMessageDeflate: false,
});

function tooFast(of: 'join' | 'say'): ServerMessage {
  return refusal('too-fast', 'That was too fast: wait a moment, then send it again.', of);
}
