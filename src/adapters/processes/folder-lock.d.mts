/**
 * Takes the lock called `name` in `folder` for this process, or says which living process holds it. A lock
 * left by a process that is gone (killed, a zombie, its id given to another) is taken over; of several takers
 * exactly one wins. Throws the file system's own error when the folder cannot be written.
 */
export function takeFolderLock(
  folder: string,
  name: string,
): { readonly release: () => void; readonly heldBy?: never } | { readonly heldBy: number };
