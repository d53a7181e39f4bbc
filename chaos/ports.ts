import { createServer } from 'node:net';

/** Below what systems give to outgoing connections: a program that was killed finds its port free again. */
const portMin = 20_000;
const portMax = 31_999;

/** A port of loopback that nobody listens on, looked for from a place of this process's own. */
export async function freePort(after = portMin + ((process.pid * 37) % 10_000)): Promise<number> {
  for (let port = after + 1; port <= portMax; port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${after} to ${portMax} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
