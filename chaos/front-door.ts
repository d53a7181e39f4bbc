import { connect, createServer, type Socket } from 'node:net';

export interface FrontDoor {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * One address for several gateways, as a load balancer is: each connection goes to the next gateway that takes it, and
 * is cut when that gateway dies. What is on its way then is lost, as on a real one.
 */
export async function openFrontDoor(ports: readonly number[]): Promise<FrontDoor> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer((client) => {
    open.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => open.delete(client));
    turn += 1;
    lead(client, ports, turn, ports.length);
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the front door has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Tries one gateway after the other until one takes the connection. */
function lead(client: Socket, ports: readonly number[], turn: number, left: number): void {
  const port = ports[turn % ports.length];
  if (port === undefined || left === 0) {
    client.destroy();
    return;
  }
  const gateway = connect({ port, host: '127.0.0.1', noDelay: true });
  let isTaken = false;
  gateway.once('connect', () => {
    isTaken = true;
    client.setNoDelay(true);
    client.pipe(gateway);
    gateway.pipe(client);
  });
  gateway.on('error', () => {
    if (isTaken) client.destroy();
    else lead(client, ports, turn + 1, left - 1);
  });
  gateway.on('close', () => isTaken && client.destroy());
  client.on('close', () => gateway.destroy());
}
