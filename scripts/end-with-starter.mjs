// Loaded before every program that the scripts run: the program ends when its starter is gone, even killed with -9. One
// that listens for that itself, to end in an orderly way, is left to it.
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.channel) {
  process.on('disconnect', () => {
    if (process.listenerCount('disconnect') === 1) process.exit(1);
  });
  // Listening must not keep a program alive that has done its work.
  process.channel.unref();
  // The program's own children have a starter of their own.
  const at = process.execArgv.indexOf('--import');
  if (at !== -1) process.execArgv.splice(at, 2);
}
