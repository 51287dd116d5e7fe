// Brokers on a cluster of NATS servers, which are killed and cut off from each other.
import { requirement, startNatsCluster, type NatsCluster } from '@framewire/testing';
import { connect as connectClient } from '@nats-io/transport-node';
import { describe, test, type TestContext } from 'vitest';
import { brokerOn, ClusterTraffic } from './support/cluster-traffic.ts';

const COUNT = 3;
/** In ms. NATS waits for some seconds before each election, and longer on a busy machine. */
const LIMIT = 180_000;

describe
  .skipIf(requirement('nats').missing)
  .concurrent('Each client receives each message once and in order', { timeout: LIMIT }, () => {
    interface Parts {
      readonly cluster: NatsCluster;
      readonly traffic: ClusterTraffic;
      /** The server that leads the replicas of the stream. */
      readonly leader: number;
      /** Another server. The server of topics that only receives is connected to it. */
      readonly follower: number;
    }

    async function parts({ onTestFinished }: TestContext): Promise<Parts> {
      const cluster = await startNatsCluster(COUNT);
      onTestFinished(() => cluster.stop());
      // Creates the stream.
      const first = await brokerOn(cluster, 0);
      await first.close();
      const leader = await leaderOf(cluster, 0);
      const follower = (leader + 1) % COUNT;
      const traffic = new ClusterTraffic();
      onTestFinished(() => traffic.close());
      await traffic.start(cluster, follower);
      await traffic.continues();
      return { cluster, traffic, leader, follower };
    }

    test('while the NATS server that leads the stream is killed and restarts', async (context) => {
      const { cluster, traffic, leader } = await parts(context);
      await cluster.servers[leader]?.kill();
      await traffic.continues();
      await cluster.servers[leader]?.restart();
      await traffic.continues();
      context.expect(await traffic.faults()).toEqual([]);
      context.expect(traffic.notRecovered).toBe(0);
    });

    test('while another NATS server is cut off from the cluster, but not from its clients', async (context) => {
      const { cluster, traffic, follower } = await parts(context);
      cluster.isolate(follower);
      await traffic.continues();
      context.expect(await traffic.faults()).toEqual([]);
      context.expect(traffic.notRecovered).toBe(0);
    });

    test('while the leading server is cut off, and then another one is killed', async (context) => {
      const { cluster, traffic, leader, follower } = await parts(context);
      // Until the leader notices that, it may answer clients that they cannot recover.
      cluster.isolate(leader);
      await traffic.continues();
      cluster.rejoin(leader);
      await traffic.continues();
      await cluster.servers[follower]?.kill();
      await traffic.continues();
      context.expect(await traffic.faults()).toEqual([]);
    });
  });

/** Asks a server which server leads the replicas of the stream. */
async function leaderOf({ servers }: NatsCluster, asked: number): Promise<number> {
  const client = await connectClient({ servers: `127.0.0.1:${servers[asked]?.port}` });
  try {
    const reply = await client.request('$JS.API.STREAM.INFO.framewire');
    return Number(reply.json<{ cluster: { leader: string } }>().cluster.leader.split('-')[1]);
  } finally {
    await client.close();
  }
}
