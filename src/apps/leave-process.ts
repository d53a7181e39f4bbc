const lastWordsMs = 200;

/**
 * Ends this process soon, with the exit code that is set by then. Its work is done; only a call that a wallet or a
 * merchant does not answer, or a connection of something that failed halfway, could still keep it.
 */
export function leaveProcess(): void {
  setTimeout(() => process.exit(), lastWordsMs).unref();
}
