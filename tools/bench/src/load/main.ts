// The process of the load generator. On the driver's request, it opens connections to a server, or is the sink of a client.
import { serveDriver } from '../measured/control.mjs';
import type { LoadReport, Scenario } from '../plan.ts';
import { Exchange } from './exchange.ts';
import type { Target } from './open.ts';
import { Sink } from './sink.ts';
import { runUpgrades } from './upgrades.ts';

let scenario: Scenario | undefined;
let target: Target | undefined;
let exchange: Exchange | undefined;
let sink: Sink | undefined;

serveDriver(
  {},
  {
    /** Opens the connections of a scenario to the server on this port. */
    async open(argument: { scenario: Scenario; port: number }): Promise<void> {
      ({ scenario } = argument);
      target = { port: argument.port, tls: scenario.tls, compression: scenario.compression };
      if (scenario.kind !== 'upgrade') exchange = await Exchange.open(scenario, target);
    },
    /** Keeps the server busy for this many milliseconds. */
    run(milliseconds: number): Promise<LoadReport> {
      if (exchange) return exchange.run(milliseconds);
      if (!target || !scenario) throw new Error('run before open');
      return runUpgrades(target, milliseconds, scenario.connections);
    },
    /** Only answers pings for this many milliseconds. */
    answer(milliseconds: number): Promise<LoadReport> {
      if (!exchange) throw new Error('answer before open');
      return exchange.answer(milliseconds);
    },
    /** Closes the connections with the closing handshake, and waits for their ends. */
    async leave(): Promise<void> {
      await exchange?.leave();
      exchange = undefined;
    },
    close(): void {
      exchange?.close();
      exchange = undefined;
    },
    /** Starts a sink for a client. Returns its port. */
    async listen({ burst, size }: Scenario): Promise<number> {
      sink = await Sink.listen(burst, size);
      return sink.port;
    },
    unlisten(): void {
      sink?.close();
      sink = undefined;
    },
  },
);
