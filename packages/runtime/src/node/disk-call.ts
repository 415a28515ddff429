// One call into the operating system's file functions: made again when it was merely interrupted, and turned into a
// DiskError that says what was tried on which path when it failed.
//
// The callback functions of node:fs are used rather than fs.promises: one promise a call instead of several, and raw
// descriptors instead of FileHandles, which the garbage collector may close.

import { DiskError, type DiskErrorCode } from '../disk.ts';

/** The shape of a callback function of node:fs with its arguments bound. */
type Call<T> = (done: (error: NodeJS.ErrnoException | null, result: T) => void) => void;

/** Runs one call; `action` completes the sentence "Cannot ...". */
export function diskCall<T>(path: string, action: string, call: Call<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const attempt = (): void => {
      call((error, result) => {
        if (error === null || error === undefined) {
          resolve(result);
        } else if (error.code === 'EINTR' || error.code === 'EAGAIN') {
          setImmediate(attempt);
        } else {
          reject(diskError(path, action, error));
        }
      });
    };
    try {
      attempt();
    } catch (error) {
      // node:fs throws at once for arguments that it does not like, such as a path with a NUL in it.
      reject(diskError(path, action, error));
    }
  });
}

/** Turns a failure of node:fs into a DiskError, once. */
export function diskError(path: string, action: string, cause: unknown): DiskError {
  if (cause instanceof DiskError) {
    return cause;
  }
  const errno = errnoOf(cause);
  const reason = errno === undefined ? String(cause) : `${EXPLANATIONS[errno] ?? 'failed'} (${errno})`;
  return new DiskError(diskErrorCode(errno), path, `Cannot ${action} ${path}: ${reason}`, { cause });
}

/** The name of the system error, such as `ENOSPC`, if that is what it was. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What a caller of the Disk interface needs to tell apart. */
export function diskErrorCode(errno: string | undefined): DiskErrorCode {
  switch (errno) {
    case 'ENOENT':
      return 'NOT_FOUND';
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'NO_SPACE';
    case 'EIO':
    case 'EROFS': // What Linux remounts a file system to when its device fails.
    case 'ENXIO':
    case 'ENODEV':
    case 'ESTALE':
    case 'EUCLEAN': // "Structure needs cleaning": ext4 and XFS name corrupt metadata so.
      return 'IO';
    case 'EACCES':
    case 'EPERM':
      return 'DENIED';
    default:
      return 'OTHER';
  }
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would become larger than is allowed',
  EIO: 'the device reported an error',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EMFILE: 'this process has too many files open; raise its limit (ulimit -n)',
  ENFILE: 'the whole system has too many files open',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already',
  ENOTEMPTY: 'the folder is not empty',
  EXDEV: 'the two paths are on different file systems',
};
