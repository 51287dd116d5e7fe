// Libraries that use the types of `ws` accept our server and class, and our functions accept their objects.
import { initTRPC } from '@trpc/server';
import { applyWSSHandler, type CreateWSSContextFnOptions } from '@trpc/server/adapters/ws';
import { WebSocket, WebSocketServer } from 'framewire';
import { GraphQLSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';

const wss = new WebSocketServer({ port: 0 });
const greet = (ws: WebSocket): void => ws.send('hello');

const router = initTRPC.create().router({});
const createContext = ({ res }: CreateWSSContextFnOptions): object => {
  greet(res);
  return {};
};
applyWSSHandler({ wss, router, createContext }).broadcastReconnectNotification();

void useServer({ schema: new GraphQLSchema({}), onConnect: ({ extra }) => greet(extra.socket) }, wss);
createClient({ url: 'ws://127.0.0.1:1/', webSocketImpl: WebSocket });
