import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { isAlive, parentOf, startTimeOf } from './process-liveness.mjs';

it('a running process is alive, with its start time and no other', () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(process.pid, startTimeOf(process.pid))).toBe(true);
  expect(isAlive(process.pid, 'another start')).toBe(false);
  expect(parentOf(process.pid)).toBe(process.ppid);
});

it('what is no process id is dead', () => {
  for (const pid of [0, -1, Number.NaN, 2 ** 31 - 1]) expect(isAlive(pid)).toBe(false);
});

it('a zombie is dead', async () => {
  // The shell becomes `sleep`, which never asks for the end of the child that the shell had started.
  const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const zombie = Number(
      await new Promise<string>((resolve) => createInterface({ input: parent.stdout }).once('line', resolve)),
    );
    while (isAlive(zombie)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(process.kill(zombie, 0)).toBe(true);
    expect(startTimeOf(zombie)).toBeUndefined();
  } finally {
    parent.kill('SIGKILL');
  }
});
