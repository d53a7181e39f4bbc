/** Why a process is to end. */
export type StopReason = 'starter_gone' | 'stop_asked' | 'SIGTERM' | 'SIGINT' | 'SIGHUP';

export interface StarterWatch {
  /** Whether this process was started with an IPC channel, so that its starter decides when it ends. */
  readonly underStarter: boolean;
  /** Tells the starter that the work has begun; nothing happens without a starter. */
  readonly reportReady: (details?: Readonly<Record<string, unknown>>) => void;
  /** Stops watching and lets go of the channel, so that the process can end by itself. */
  readonly close: () => void;
}

/**
 * Calls `onStop` once, at the first reason to end: the starter is gone (even killed with -9: its end of the IPC
 * channel closes), the starter asks with `{stop: true}`, or a signal.
 *
 * Under a starter SIGINT and SIGHUP are ignored: the terminal sends them to the whole process group, and only the
 * starter knows in which order its children have to end. Without one both are reasons to end: the terminal's user
 * has asked for it, or has closed the terminal.
 */
export function watchStarter(onStop: (reason: StopReason) => void): StarterWatch {
  // `send` stays when the channel has already closed, `channel` does not.
  const underStarter = process.send !== undefined;
  let called = false;
  const stop = (reason: StopReason) => {
    if (called) return;
    called = true;
    onStop(reason);
  };
  const onTerm = () => stop('SIGTERM');
  const onInterrupt = () => {
    if (!underStarter) stop('SIGINT');
  };
  const onHangup = () => {
    if (!underStarter) stop('SIGHUP');
  };
  const onMessage = (message: unknown) => {
    if (typeof message === 'object' && message !== null && 'stop' in message && message.stop === true) {
      stop('stop_asked');
    }
  };
  const onDisconnect = () => stop('starter_gone');

  process.on('SIGTERM', onTerm);
  process.on('SIGINT', onInterrupt);
  process.on('SIGHUP', onHangup);
  if (underStarter) {
    process.on('message', onMessage);
    process.on('disconnect', onDisconnect);
    // The starter may have gone before anybody listened.
    if (!process.connected) queueMicrotask(onDisconnect);
  }

  return {
    underStarter,
    reportReady(details = {}) {
      // A starter that goes just now is noticed by the disconnect; the message may then be lost.
      if (process.connected) process.send?.({ ...details, ready: true }, undefined, {}, () => undefined);
    },
    close() {
      process.off('SIGTERM', onTerm);
      process.off('SIGINT', onInterrupt);
      process.off('SIGHUP', onHangup);
      process.off('message', onMessage);
      process.off('disconnect', onDisconnect);
      called = true;
    },
  };
}
